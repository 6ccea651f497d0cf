import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { LeasesService } from '../../platform/periodic/leases/leases.service.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { PeriodicTask } from '../../platform/periodic/periodic-task.js';
import { AssignmentsRepository } from '../assignments/index.js';
import { DispatchService } from './dispatch.service.js';

const EVERY_MS = 10_000;
/** Of the expiry: another server takes over when its holder was not heard of for three rounds. */
const LEASE_MS = 30_000;

/** What time does to assignments: one server's work. What a lost message left undone: each server's, for its own probes. */
@Injectable()
export class SweepService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('sweep');
  private readonly task = new PeriodicTask(() => this.sweep(), {
    logger: this.logger,
    failed: 'the sweep failed; the next one will do its work',
  });

  constructor(
    private readonly assignments: AssignmentsRepository,
    private readonly dispatch: DispatchService,
    private readonly leases: LeasesService,
    private readonly clock: PlatformClock,
  ) {}

  onApplicationBootstrap(): void {
    this.task.every(EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  private async sweep(): Promise<void> {
    await this.leases.runLeased('expiry', LEASE_MS, () => this.expire());
    await this.dispatch.deliverOverdue();
  }

  private async expire(): Promise<void> {
    const { done, expired } = await this.assignments.closeEnded(this.clock.now());
    if (done + expired > 0) this.logger.log({ done, expired }, 'assignments ended');
  }
}
