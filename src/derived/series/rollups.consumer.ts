import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { LeasesService } from '../../platform/periodic/leases/leases.service.js';
import { PeriodicTask } from '../../platform/periodic/periodic-task.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import {
  type GatheringConsumer,
  type Gathering,
  ResultsTail,
  type TailLag,
} from '../../core/ingest/index.js';
import { type DerivedData, RetentionService } from '../../core/maintenance/index.js';
import { FIELDS, type Field, RollupWriter } from './rollup-writer.js';
import { RollupsRepository } from './rollups.repository.js';

/** Of its position in the tail. */
export const ROLLUPS = 'rollups';
const SWEEP_EVERY_MS = 600_000;
const LEASE_MS = 60_000;

/** Keeps rollups of all results: a consumer of the results tail (docs/adr/0027). */
@Injectable()
export class RollupsConsumer
  implements OnApplicationBootstrap, OnApplicationShutdown, GatheringConsumer<Field>, DerivedData
{
  readonly name = ROLLUPS;
  readonly start = 'beginning';
  readonly fields = FIELDS;
  private readonly logger = new Logger('series');
  private readonly sweeps = new PeriodicTask(
    () => this.leases.runLeased('rollups:sweep', LEASE_MS, () => this.repository.deleteOld()),
    { logger: this.logger, failed: 'old rollups could not be deleted; the next sweep does it' },
  );

  constructor(
    private readonly writer: RollupWriter,
    private readonly repository: RollupsRepository,
    private readonly tail: ResultsTail,
    private readonly leases: LeasesService,
    private readonly retention: RetentionService,
    @Inject(ENV) private readonly env: Env,
  ) {}

  onApplicationBootstrap(): void {
    // also where this server keeps none: it may be the one that deletes
    this.retention.add(this);
    if (!this.isOn) return;
    this.tail.consume(this);
    this.sweeps.begin();
    this.sweeps.every(SWEEP_EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.sweeps.stop();
  }

  /** Whether this server keeps rollups, and answers from them. */
  get isOn(): boolean {
    return this.env.seriesRollups;
  }

  /** What was made of another log holds no more; it is deleted later, since there may be very much of it. */
  async begin(transaction: Transaction): Promise<void> {
    await this.repository.use(await this.repository.nextGeneration(), undefined, transaction);
  }

  /** A rollup is written once for all results that come within some seconds, while many do. */
  gather(): Gathering<Field> {
    return this.writer.gather();
  }

  /** How far the rollups are behind. */
  async lag(): Promise<Omit<TailLag, 'consumer'>> {
    return this.tail.behind(ROLLUPS);
  }

  /** Deletes the rollups of days that were over before a time. */
  async deleteBefore(operation: ObjectId, before: Date, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await this.repository.deleteBefore(operation, before)) > 0);
  }
}
