import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { AWAITED_MS, MissingRunsService } from '../../core/runs/index.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { LeasesService } from '../../platform/periodic/leases/leases.service.js';
import { PeriodicTask } from '../../platform/periodic/periodic-task.js';
import { ALL, MISSING_MODEL, type MissingEntity } from './missing.schema.js';

const EVERY_MS = 60_000;
const LEASE_MS = 120_000;
const HOUR_MS = 3_600_000;

/** Counts each minute, on one server, which runs of the last hour are missing; all servers tell it. */
@Injectable()
export class MissingService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('missing-runs');
  private readonly task = new PeriodicTask(
    () => this.leases.runLeased('missing-runs', LEASE_MS, (signal) => this.count(signal)),
    { logger: this.logger, failed: 'missing runs could not be counted; the next round counts them' },
  );

  constructor(
    private readonly runs: MissingRunsService,
    @InjectModel(MISSING_MODEL) private readonly model: Model<MissingEntity>,
    private readonly leases: LeasesService,
    private readonly clock: PlatformClock,
  ) {}

  onApplicationBootstrap(): void {
    this.task.every(EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  /** @param user id; absent: of all together @returns null: nothing was counted yet */
  async lastHour(user?: string): Promise<number | null> {
    const found = await this.model.find({ _id: { $in: [ALL, user ?? ALL] } }).lean<MissingEntity[]>();
    const all = found.find(({ _id }) => _id === ALL);
    if (all === undefined) return null;
    if (user === undefined) return all.missing;
    const own = found.find(({ _id }) => _id === user);
    return own?.at.getTime() === all.at.getTime() ? own.missing : 0;
  }

  /** Counts anew: runs that were due in an hour until two minutes ago, since a later one may still be under way. */
  async count(signal: AbortSignal, now = this.clock.now()): Promise<void> {
    const to = new Date(now.getTime() - AWAITED_MS);
    const missing = new Map([[ALL, 0]]);
    for await (const found of this.runs.between(new Date(to.getTime() - HOUR_MS), to)) {
      if (signal.aborted) return;
      if (found.missing === 0) continue;
      for (const key of [ALL, found.owner.toHexString()])
        missing.set(key, (missing.get(key) ?? 0) + found.missing);
    }
    // of all together last: it says which of the others are of this round
    const { [ALL]: all = 0, ...others } = Object.fromEntries(missing);
    const update = (_id: string, count: number) => ({
      updateOne: { filter: { _id }, update: { $set: { missing: count, at: now } }, upsert: true },
    });
    await this.model.bulkWrite([
      ...Object.entries(others).map(([user, count]) => update(user, count)),
      update(ALL, all),
    ]);
    await this.model.deleteMany({ at: { $lt: now } });
  }
}
