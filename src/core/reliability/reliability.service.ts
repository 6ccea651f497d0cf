import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { isDatabaseAway } from '../../platform/errors/database-errors.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { LeasesService } from '../../platform/periodic/leases/leases.service.js';
import { PeriodicTask } from '../../platform/periodic/periodic-task.js';
import { ENV } from '../../config/config.module.js';
import { type Env } from '../../config/env.js';
import { type MeasuredProbe, type Reliability } from '../probes/index.js';
import { figuresOf } from './reliability.js';
import { type Measured, UptimeService } from './uptime.service.js';
import { type RunShares, RunSharesService } from './run-shares.service.js';

/** Probes that are measured together: what they have in common is read once. */
const STEP = 50;
/** After a step the work rests for so many times as long as the step took: it never has more than a fifth of a core. */
const REST = 4;
const LONGEST_LOOK_MS = 60_000;
/** Another server takes over when the one that measures was not heard of for three looks. */
const LEASE_LOOKS = 3;
const SHORTEST_LEASE_MS = 15_000;

/** One round over the probes whose figures were old. */
export interface Pass {
  probes: number;
  /** with the rests */
  seconds: number;
}

/**
 * Works out how reliable probes are, those first whose figures are oldest: one server's work. Where it stands is in the database, probe by
 * probe, so a pass that was cut off goes on where it was. Its price depends on probes, sessions, assignments and run sheets of
 * the last 30 days, not on results.
 */
@Injectable()
export class ReliabilityService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('reliability');
  private readonly everyMs: number;
  private readonly task = new PeriodicTask(() => this.round(), {
    logger: this.logger,
    failed: 'the measure of reliability was cut off; the next one goes on',
  });
  private last: Pass | undefined;

  constructor(
    private readonly uptimes: UptimeService,
    private readonly shares: RunSharesService,
    private readonly leases: LeasesService,
    private readonly clock: PlatformClock,
    @Inject(ENV) env: Env,
  ) {
    this.everyMs = env.reliabilityEveryMs;
  }

  /** The last pass of this server that had something to do. */
  get lastPass(): Pass | undefined {
    return this.last;
  }

  onApplicationBootstrap(): void {
    if (this.everyMs > 0) this.task.every(this.lookMs);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  /** Measures every probe whose figures are older than `everyMs`, each once. */
  async pass(signal: AbortSignal): Promise<Pass> {
    const began = performance.now();
    const stale = new Date(this.clock.now().getTime() - this.everyMs);
    let probes = 0;
    for (;;) {
      const stepBegan = performance.now();
      const some = signal.aborted ? [] : await this.uptimes.waiting(stale, STEP);
      if (some.length === 0) break;
      await this.measure(some);
      probes += some.length;
      await pause((performance.now() - stepBegan) * REST, undefined, { signal }).catch(() => undefined);
    }
    return { probes, seconds: (performance.now() - began) / 1_000 };
  }

  private get lookMs(): number {
    return Math.min(this.everyMs, LONGEST_LOOK_MS);
  }

  private async round(): Promise<void> {
    const leaseMs = Math.max(SHORTEST_LEASE_MS, LEASE_LOOKS * this.lookMs);
    const pass = await this.leases.runLeased('reliability', leaseMs, (signal) => this.pass(signal));
    if (pass === undefined || pass.probes === 0) return;
    this.last = pass;
    this.logger.log({ probes: pass.probes, took_s: pass.seconds }, 'reliability of probes measured');
  }

  /** One that cannot be measured must not keep the others from it, nor come first for ever. */
  private async measure(probes: readonly MeasuredProbe[]): Promise<void> {
    try {
      await this.measureTogether(probes);
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      const [probe] = probes;
      if (probe !== undefined && probes.length === 1) {
        this.logger.error({ err: error, probe_id: String(probe._id) }, 'a probe could not be measured');
        await this.uptimes.store([{ probe: probe._id, reliability: undefined }], this.clock.now());
        return;
      }
      for (const each of probes) await this.measure([each]);
    }
  }

  private async measureTogether(probes: readonly MeasuredProbe[]): Promise<void> {
    const now = this.clock.now();
    const measured = await this.uptimes.measure(probes, now);
    const shares = await this.shares.of(measured, now);
    const figures = measured.map((each) => ({
      probe: each.probe._id,
      reliability: reliabilityOf(each, shares.get(each.probe._id.toHexString()), now),
    }));
    await this.uptimes.store(figures, now);
  }
}

function reliabilityOf({ uptimes }: Measured, shares: RunShares | undefined, at: Date): Reliability {
  const none = { due: 0, came: 0 };
  return {
    at,
    day: figuresOf(uptimes.day, shares?.day ?? none),
    week: figuresOf(uptimes.week, shares?.week ?? none),
    month: figuresOf(uptimes.month, shares?.month ?? none),
  };
}
