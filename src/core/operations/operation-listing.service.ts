import { Injectable } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import {
  RunAccountsRepository,
  type OperationFilter,
  type OperationPage,
  OperationsRepository,
  type OperationState,
  type StandingOperation,
} from '../assignments/index.js';
import { stateOf } from './operations.service.js';

/** So many are looked at together when a state is asked for. */
const PART = 1_000;
/** A page looks at no more than these: it may have few operations, or none, and yet go on. */
const MOST_PARTS = 10;

/** Lists operations, the newest first. */
@Injectable()
export class OperationListingService {
  constructor(
    private readonly operations: OperationsRepository,
    private readonly accounts: RunAccountsRepository,
    private readonly clock: PlatformClock,
  ) {}

  /**
   * @param state only those that are in it now
   * @param limit of a page: fewer where they are large, or where many are in other states
   * @param before where the page before ended
   * @throws DomainError busy: the search took too long
   */
  async list(
    filter: Omit<OperationFilter, 'state'>,
    state: OperationState | undefined,
    limit: number,
    before?: ObjectId,
  ): Promise<OperationPage> {
    if (state !== undefined) return this.listOf(filter, state, limit, before);
    const found = await this.operations.findStanding(filter, limit + 1, before);
    return this.operations.findPage(found.slice(0, limit), found.length <= limit);
  }

  /** An operation says of itself what it cannot be; what it is, its assignments and its schedule tell. */
  private async listOf(
    filter: Omit<OperationFilter, 'state'>,
    state: OperationState,
    limit: number,
    before?: ObjectId,
  ): Promise<OperationPage> {
    const now = this.clock.now();
    const found: StandingOperation[] = [];
    let last = before;
    for (let part = 0; part < MOST_PARTS; part += 1) {
      const looked = await this.operations.findStanding({ ...filter, state: { is: state, now } }, PART, last);
      found.push(...(await this.inState(looked, state, now)));
      if (found.length > limit) return this.operations.findPage(found.slice(0, limit), false);
      if (looked.length < PART) return this.operations.findPage(found, true);
      last = looked.at(-1)?._id;
    }
    const page = await this.operations.findPage(found, true);
    return { ...page, next: page.next ?? last };
  }

  private async inState(
    looked: readonly StandingOperation[],
    state: OperationState,
    now: Date,
  ): Promise<StandingOperation[]> {
    if (state === 'stopped' || looked.length === 0) return [...looked];
    const ids = looked.map(({ _id }) => _id);
    const open = await this.accounts.findOpen(ids, now);
    return looked.filter(
      (operation) =>
        stateOf(operation, { open: open.has(operation._id.toHexString()) ? 1 : 0 }, now) === state,
    );
  }
}
