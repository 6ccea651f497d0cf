import { setTimeout as delay } from 'node:timers/promises';
import { type Impairment, type ToxicProxy } from '../support/toxic-proxy.js';
import { until } from '../support/until.js';
import { describeFault, type Fault, type FaultKind, type PlannedFault, processOf } from './plan.js';
import { ask } from './users.js';
import { type World } from './world.js';

type LinkFault = Extract<Fault, { link: unknown }>;
type ProcessFault = Exclude<Fault, LinkFault>;

const HEALED_MS = 90_000;
/** So long a fault waits for the platform to be well; then it comes anyhow. */
const PATIENCE_MS = 15_000;

/** Does to the platform what was planned, when it was planned, and sees to it that all of it is over at the end. */
export class Conductor {
  /** how many of each were injected */
  readonly injected = new Map<FaultKind, number>();
  /** what a server did that it must not do, whatever is done to it */
  readonly complaints: string[] = [];
  private readonly underWay: Promise<void>[] = [];
  /** what was done last to each process */
  private readonly struck = new Map<string, Promise<void>>();
  private isHalted = false;

  constructor(
    private readonly world: World,
    private readonly plan: Iterable<PlannedFault>,
    private readonly log: (line: string) => void,
  ) {}

  /** @returns when the time is over */
  async play(seconds: number, end: AbortSignal): Promise<void> {
    const until = performance.now() + seconds * 1_000;
    const isOver = (): boolean => performance.now() >= until || end.aborted;
    for (const { afterMs, whenWell, fault } of this.plan) {
      await delay(Math.min(afterMs, Math.max(0, until - performance.now())), undefined, { signal: end });
      if (whenWell) await this.untilWell(Math.min(PATIENCE_MS, until - performance.now()));
      // nothing is killed twice before it is back
      await this.struck.get(processOf(fault) ?? '');
      if (isOver()) return;
      this.begin(fault);
    }
  }

  /** Nothing is started any more. */
  halt(): void {
    this.isHalted = true;
  }

  /** Waits until everything is over, and both servers are well. */
  async heal(): Promise<void> {
    await Promise.all(this.underWay);
    for (const server of this.world.servers) {
      if (!server.isRunning) {
        this.complaints.push(`${server.name} has ended by itself`);
        await server.start();
      }
      await until(`${server.name} to be well`, () => isWell(server.url), HEALED_MS);
    }
  }

  private async untilWell(patienceMs: number): Promise<void> {
    const end = performance.now() + patienceMs;
    while (performance.now() < end && !this.isHalted) {
      const well = await Promise.all(this.world.servers.map((server) => isWell(server.url)));
      if (well.every((each) => each)) return;
      await delay(100);
    }
  }

  private begin(fault: Fault): void {
    this.injected.set(fault.kind, (this.injected.get(fault.kind) ?? 0) + 1);
    this.log(describeFault(fault));
    const work = 'link' in fault ? this.impair(fault) : this.strike(fault);
    this.underWay.push(work);
    const process = processOf(fault);
    if (process !== undefined) this.struck.set(process, work);
  }

  private async strike({ kind, server: place, ms }: ProcessFault): Promise<void> {
    const { mongod, redis, servers } = this.world;
    const server = servers[place];
    switch (kind) {
      case 'server killed':
        await server.kill();
        return this.later(ms, () => server.start());
      case 'server stopped':
        await server.stop();
        return this.later(ms, () => server.start());
      case 'server frozen':
        return frozen((signal) => {
          server.signal(signal);
        }, ms);
      case 'mongod killed':
        await mongod.kill();
        return this.later(ms, () => mongod.start());
      case 'mongod frozen':
        return frozen((signal) => {
          mongod.signal(signal);
        }, ms);
      case 'redis killed':
        await redis.kill();
        return this.later(ms, () => redis.run());
      case 'redis frozen':
        redis.freeze();
        await delay(ms);
        redis.thaw();
    }
  }

  private async later(ms: number, start: () => Promise<void>): Promise<void> {
    await delay(ms);
    if (!this.isHalted) await start();
  }

  private async impair(fault: LinkFault): Promise<void> {
    const network = this.world.networks[fault.link][fault.server];
    const impairment = begun(fault, network);
    await delay(fault.ms);
    impairment.end();
  }
}

/** It is ready, and hears the other one. */
async function isWell(url: string): Promise<boolean> {
  const answer = await ask<{ status: string }>('GET', `${url}/health/ready`, { patienceMs: 2_000 });
  return answer?.status === 200 && answer.body.status === 'ok';
}

async function frozen(signal: (name: NodeJS.Signals) => void, ms: number): Promise<void> {
  signal('SIGSTOP');
  await delay(ms);
  signal('SIGCONT');
}

function begun(fault: LinkFault, network: ToxicProxy): Impairment {
  switch (fault.kind) {
    case 'cut':
      network.cut(fault.share);
      return { end: () => undefined };
    case 'refused':
      return network.refuse();
    case 'delayed':
      return network.impair({ delayMs: fault.delayMs, jitterMs: fault.jitterMs }, fault.share);
    case 'trickle':
      return network.impair({ bytesPerS: fault.bytesPerS }, fault.share);
    case 'held back':
      return network.impair({ hold: fault.way }, fault.share);
    case 'half-open':
      return network.impair({ swallow: fault.way }, fault.share);
  }
}
