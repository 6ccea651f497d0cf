import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { LeasesService } from '../../platform/periodic/leases/leases.service.js';
import { PeriodicTask } from '../../platform/periodic/periodic-task.js';
import { ServersService } from '../servers/index.js';
import { RunAnswersService } from './run-answers.service.js';

const EVERY_MS = 1000;
const LEASE_MS = 15_000;
/** A server that lives ends its own runs, and knows more of them; those of one that is gone are ended so much later. */
const FORSAKEN_MS = 10_000;
const MOST_AT_ONCE = 500;
/** After a start: answers of runs that the process before has begun come when their probes are back, which takes them up to 12 s. */
const RETURN_MS = 20_000;

/** Ends runs whose deadline is over: each server those that it has begun, and one of them those of servers that are gone. */
@Injectable()
export class OverdueRunsService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('overdue-runs');
  private readonly bornAt = performance.now();
  private readonly task = new PeriodicTask(() => this.sweep(), {
    logger: this.logger,
    failed: 'runs whose time is over were not ended; the next round ends them',
  });

  constructor(
    private readonly runs: RunAnswersService,
    private readonly servers: ServersService,
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
    if (performance.now() - this.bornAt < RETURN_MS) return;
    const now = this.clock.now();
    // where no probe asks for it nothing is ever overdue: one look a second
    if (!(await this.runs.hasOverdue(now))) return;
    await this.runs.endOverdue(now, MOST_AT_ONCE, this.servers.ownId);
    const before = new Date(now.getTime() - FORSAKEN_MS);
    if (!(await this.runs.hasOverdue(before))) return;
    // the lease is a write: only where there is something to do
    await this.leases.runLeased('overdue-runs', LEASE_MS, () => this.runs.endOverdue(before, MOST_AT_ONCE));
  }
}
