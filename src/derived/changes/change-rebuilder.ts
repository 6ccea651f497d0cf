import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { ResultsTail, TailPositionLostError } from '../../core/ingest/index.js';
import { TransactionsService } from '../../platform/database/transactions.service.js';
import { LeasesService } from '../../platform/periodic/leases/leases.service.js';
import { PeriodicTask } from '../../platform/periodic/periodic-task.js';
import { ChangeDetector } from './change-detector.js';
import { type ChangeRebuildEntity } from './change-rebuild.schema.js';
import { ChangeRebuildsRepository } from './change-rebuilds.repository.js';
import { ChangeStatesRepository } from './change-states.repository.js';
import { ChangesRepository } from './changes.repository.js';
import { DETECTION_FIELDS } from './detection.js';
import { CHANGES_CONSUMER } from './rebuild-order.js';

const EVERY_MS = 5_000;
const LEASE_MS = 30_000;

/**
 * Finds the changes of one operation anew, from its first result to where the consumer is, and hands it back then. Each step is a
 * transaction with its position: a server that is killed is followed by another.
 */
@Injectable()
export class ChangeRebuilder implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('changes');
  private readonly task = new PeriodicTask(
    () => this.leases.runLeased('changes:rebuild', LEASE_MS, (signal) => this.work(signal)),
    { logger: this.logger, failed: 'could not find changes anew; it goes on in some seconds' },
  );

  constructor(
    @Inject(ENV) private readonly env: Env,
    private readonly tail: ResultsTail,
    private readonly detector: ChangeDetector,
    private readonly changes: ChangesRepository,
    private readonly states: ChangeStatesRepository,
    private readonly rebuilds: ChangeRebuildsRepository,
    private readonly transactions: TransactionsService,
    private readonly leases: LeasesService,
  ) {}

  onApplicationBootstrap(): void {
    if (this.env.changesDetection) this.task.every(EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  /** Does what was ordered. */
  async work(signal: AbortSignal): Promise<void> {
    for (;;) {
      const rebuild = await this.rebuilds.findOpen();
      if (rebuild === null || signal.aborted) return;
      try {
        await this.rebuild(rebuild, signal);
      } catch (error) {
        if (!(error instanceof TailPositionLostError)) throw error;
        await this.rebuilds.restart(rebuild._id);
      }
    }
  }

  private async rebuild(rebuild: ChangeRebuildEntity, signal: AbortSignal): Promise<void> {
    const { _id: operation } = rebuild;
    let { position } = rebuild;
    if (position === undefined) {
      await this.states.deleteAll(operation);
      await this.changes.deleteAll(operation);
    }
    const ended = new AbortController();
    const either = AbortSignal.any([signal, ended.signal]);
    for await (const batch of this.tail.follow(position, DETECTION_FIELDS, either, operation)) {
      const mayBeDone = batch.to >= ((await this.tail.positionOf(CHANGES_CONSUMER)) ?? 0);
      const isDone = await this.transactions.run(async (transaction) => {
        // held, it is where the consumer goes on
        const done = mayBeDone && batch.to >= ((await this.tail.hold(CHANGES_CONSUMER, transaction)) ?? 0);
        const to = { position: batch.position, ...(done && { done: batch.to }) };
        // it was ordered again
        if (!(await this.rebuilds.move(operation, position, to, transaction))) return true;
        await this.detector.take(
          batch.results.map(({ result }) => result),
          transaction,
        );
        return done;
      });
      ({ position } = batch);
      if (isDone) ended.abort();
    }
  }
}
