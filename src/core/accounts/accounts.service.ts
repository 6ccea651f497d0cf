import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { TransactionsService } from '../../platform/database/transactions.service.js';
import { type Seen } from '../../platform/database/revision.js';
import { ChangedMeanwhileError, DomainError } from '../../platform/errors/domain.error.js';
import { LeasesService } from '../../platform/periodic/leases/leases.service.js';
import { PeriodicTask } from '../../platform/periodic/periodic-task.js';
import { OperationRetentionRepository } from '../assignments/index.js';
import { SharesService } from '../shares/index.js';
import { ImportsService } from '../imports/index.js';
import { LedgerService } from '../ledger/index.js';
import { OperationsService } from '../operations/index.js';
import { InstrumentsService } from '../probes/index.js';
import { ProbeSuspensionService } from '../presence/index.js';
import {
  AccessWatch,
  PasswordsService,
  PicturesService,
  type UserEntity,
  type UserFilter,
  UsersRepository,
} from '../users/index.js';

const EVERY_MS = 30_000;
const LEASE_MS = 60_000;
const ACCOUNTS = 20;
/** Operations of one account that are ended in one go; more come in the next. */
const OPERATIONS = 1_000;
/** For how long private results of a deleted account are kept: as short as any may be, and in no archive. */
const GONE = { raw_s: 60, results_s: 60, rollups_s: 60, unarchived: true } as const;
const OWNER_DELETED = 'the account that it belonged to was deleted';

/**
 * The end of accounts, for a while or for good (docs/adr/0035). What an account stops stands in the database first; the work that
 * follows from it is finished by a server that lives, whichever began it.
 */
@Injectable()
export class AccountsService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('accounts');
  private readonly task = new PeriodicTask(
    () => this.leases.runLeased('accounts', LEASE_MS, (signal) => this.finishAll(signal)),
    { logger: this.logger, failed: 'the end of an account could not be finished; the next round goes on' },
  );

  constructor(
    private readonly users: UsersRepository,
    private readonly passwords: PasswordsService,
    private readonly pictures: PicturesService,
    private readonly watch: AccessWatch,
    private readonly ledger: LedgerService,
    private readonly operations: OperationsService,
    private readonly retentions: OperationRetentionRepository,
    private readonly probes: ProbeSuspensionService,
    private readonly instruments: InstrumentsService,
    private readonly imports: ImportsService,
    private readonly shares: SharesService,
    private readonly transactions: TransactionsService,
    private readonly leases: LeasesService,
  ) {}

  onApplicationBootstrap(): void {
    this.task.every(EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  /** In order of creation. */
  async list(filter: UserFilter, limit: number, after?: ObjectId): Promise<UserEntity[]> {
    return this.users.find(filter, limit, after);
  }

  /** @throws DomainError not_found */
  async get(id: ObjectId | undefined): Promise<UserEntity> {
    const user = id && (await this.users.findById(id));
    if (!user || user.deleted_at !== undefined) throw new DomainError('not_found', 'There is no such user');
    return user;
  }

  /**
   * From now on nobody enters the account, by password, token or key; what is connected is cut off; its operations are stopped and
   * paid back. Its probes go on: they work for others.
   * @param seen the revisions that the caller has seen
   * @returns the account as it is now
   * @throws DomainError not_found, conflict, changed_meanwhile
   */
  async suspend(id: ObjectId | undefined, reason: string, by: UserEntity, seen: Seen): Promise<UserEntity> {
    const user = await this.get(id);
    if (user._id.equals(by._id)) throw new DomainError('conflict', 'You cannot suspend your own account');
    const suspended = await this.users.suspend(user._id, { at: new Date(), reason }, seen);
    if (suspended === null) throw await this.changedMeanwhile(user._id);
    this.watch.ended({ user: user._id.toHexString() });
    await this.finish(suspended);
    return suspended;
  }

  /**
   * The account can be entered again, with what it was entered with before. What was stopped stays so.
   * @throws DomainError not_found, changed_meanwhile
   */
  async unsuspend(id: ObjectId | undefined, seen: Seen): Promise<UserEntity> {
    const user = await this.get(id);
    const after = await this.users.unsuspend(user._id, seen);
    if (after === null) throw await this.changedMeanwhile(user._id);
    return after;
  }

  private async changedMeanwhile(id: ObjectId): Promise<ChangedMeanwhileError> {
    const { revision } = await this.get(id);
    return new ChangedMeanwhileError('The account', revision);
  }

  /**
   * Deletes an account for good.
   * @param address of the client
   * @throws DomainError forbidden (the password is wrong), too_many_attempts, conflict (the last superuser)
   */
  async delete(user: UserEntity, password: string, address: string): Promise<void> {
    await this.passwords.confirm(user, password, address);
    if (user.is_superuser && !(await this.users.hasSuperuser(user._id)))
      throw new DomainError('conflict', 'This is the last superuser: make another one first');
    const deleted = await this.users.markDeleted(user._id, new Date());
    if (deleted === null) return;
    this.watch.ended({ user: user._id.toHexString() });
    this.logger.log({ user_id: String(user._id) }, 'an account is deleted by its owner');
    await this.finish(deleted);
  }

  /** Does what follows from the end of accounts and is not done yet. */
  async finishAll(signal: AbortSignal): Promise<void> {
    for (const user of await this.users.findEnding(ACCOUNTS)) {
      if (signal.aborted) return;
      await this.finish(user);
    }
  }

  /** May be done again, and by two servers at once. */
  private async finish(user: UserEntity): Promise<void> {
    await this.endOperations(user._id);
    if (user.deleted_at === undefined) {
      await this.users.noteEnded(user._id);
      return;
    }
    // first: what an import still stores has to be there when the rest looks
    await this.imports.forget(user._id);
    await this.retentions.setRetentionOfPrivate(user._id, GONE);
    await this.shares.forget(user._id);
    await this.probes.retireAll(user._id, OWNER_DELETED);
    // its own probes have left them
    await this.instruments.endSitesOf(user._id);
    await this.transactions.run(async (transaction) => {
      const credits = await this.users.remove(user._id, transaction);
      await this.pictures.removeAll(user._id, transaction);
      if (credits !== undefined) await this.ledger.lapse(user._id, credits, transaction);
    }, user._id.toHexString());
  }

  private async endOperations(owner: ObjectId): Promise<void> {
    const seen = new Set<string>();
    for (;;) {
      const unended = await this.operations.unendedOf(owner, OPERATIONS);
      const fresh = unended.filter((id) => !seen.has(id.toHexString()));
      if (fresh.length === 0) return;
      for (const id of fresh) {
        seen.add(id.toHexString());
        await this.operations.end(id, { _id: owner, is_superuser: true });
      }
    }
  }
}
