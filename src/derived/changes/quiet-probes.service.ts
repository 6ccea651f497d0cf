import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { RunFactsService } from '../../core/runs/index.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { TransactionsService } from '../../platform/database/transactions.service.js';
import { LeasesService } from '../../platform/periodic/leases/leases.service.js';
import { PeriodicTask } from '../../platform/periodic/periodic-task.js';
import { ChangeDetector } from './change-detector.js';
import { ChangeRecorder } from './change-recorder.js';
import { ChangeStatesRepository, type StoredState } from './change-states.repository.js';
import { type ProbeState } from './state.js';

const EVERY_MS = 15_000;
const LEASE_MS = 60_000;
const AT_ONCE = 500;

/** Looks for probes from which nothing comes though runs were due. That one has come back, its next result says. */
@Injectable()
export class QuietProbesService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('changes');
  private readonly task = new PeriodicTask(
    () => this.leases.runLeased('changes:quiet', LEASE_MS, (signal) => this.look(signal)),
    { logger: this.logger, failed: 'could not look for probes that are quiet; the next look will' },
  );

  constructor(
    @Inject(ENV) private readonly env: Env,
    private readonly states: ChangeStatesRepository,
    private readonly facts: RunFactsService,
    private readonly detector: ChangeDetector,
    private readonly recorder: ChangeRecorder,
    private readonly transactions: TransactionsService,
    private readonly leases: LeasesService,
    private readonly clock: PlatformClock,
  ) {}

  onApplicationBootstrap(): void {
    if (this.env.changesDetection) this.task.every(EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  /** Looks once at all that may be quiet by now. */
  async look(signal?: AbortSignal): Promise<void> {
    const now = this.clock.now();
    for (;;) {
      const found = await this.states.findQuiet(now, AT_ONCE);
      for (const stored of found) {
        if (signal?.aborted === true) return;
        await this.lookAt(stored, now);
      }
      if (found.length < AT_ONCE) return;
    }
  }

  private async lookAt(stored: StoredState, now: Date): Promise<void> {
    const { operation, probe } = stored.key;
    const { heard = 0 } = JSON.parse(stored.state) as ProbeState;
    const standing = await this.facts.standingOf(operation, probe);
    // what has come and is not read yet counts; who owes nothing any more is not quiet
    const last = Math.max(heard, standing?.lastResultAt?.getTime() ?? 0);
    const quietAt = await this.detector.quietAt(stored.key, last);
    if (quietAt === undefined || standing?.state !== 'delivered') {
      await this.states.setQuietFrom(stored, undefined);
    } else if (quietAt > now.getTime() || last > heard) {
      await this.states.setQuietFrom(stored, new Date(Math.max(quietAt, now.getTime() + EVERY_MS)));
    } else {
      const quiet = { operation, probe, since: new Date(heard), noticedAt: new Date(quietAt) };
      await this.transactions.run(async (transaction) => {
        // unless it has said something meanwhile
        if (await this.states.setQuietFrom(stored, undefined, transaction))
          await this.recorder.recordQuiet(quiet, transaction);
      });
    }
  }
}
