import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { LeasesService } from '../../platform/periodic/leases/leases.service.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { PeriodicTask } from '../../platform/periodic/periodic-task.js';
import { ProbeLoadsService } from './probe-loads.service.js';
import { ReleasesService } from './releases.service.js';

const EVERY_MS = 10_000;
const LEASE_MS = 30_000;
/** What a server that died left unlooked at is an operation that counts as running for too long, a day at the most. */
const LOOK_AT_ALL_MS = 10 * 60_000;

/** Takes what is over off the meters; one server's work. Until it has, whoever asks takes it off for himself. */
@Injectable()
export class QuotasUpkeepService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('quotas');
  private readonly task = new PeriodicTask(
    () => this.leases.runLeased('bounds', LEASE_MS, (signal) => this.work(signal)),
    { logger: this.logger, failed: 'what is over could not be taken off the meters; the next round will' },
  );
  private lookedAt = -Infinity;

  constructor(
    private readonly releases: ReleasesService,
    private readonly loads: ProbeLoadsService,
    private readonly leases: LeasesService,
    private readonly clock: PlatformClock,
  ) {}

  onApplicationBootstrap(): void {
    this.task.begin();
    this.task.every(EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  private async work(signal: AbortSignal): Promise<void> {
    await this.releases.removeOver(this.clock.now(), signal);
    if (performance.now() - this.lookedAt < LOOK_AT_ALL_MS) return;
    this.lookedAt = performance.now();
    await this.releases.lookAtAll(signal);
    await this.loads.markNearlyFull();
  }
}
