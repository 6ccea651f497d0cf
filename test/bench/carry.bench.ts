import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import {
  AS_DELIVERED,
  type Call,
  makeRich,
  moveSchedule,
  processorSecondsOf,
  registerProbes,
  residentBytes,
  SECRET_KEY,
} from './platform.js';
import { type Order, type Reported } from './storm/crowd.js';
import { pingWarts } from './warts-sample.js';

/** All probes come within this, before anything is measured. */
const COME_MS = 40_000;
const SECONDS = 30;
/** Runs of an operation at the most, all of them due. */
const MOST_RUNS = 1_000_000;
const RUN_S = 60;
/** What consumers of the results have left to do. */
const FOLLOWED_MS = 300_000;

export interface Carried {
  probes: number;
  /** results a second that probes were told to send, and that were acknowledged as durable */
  asked: number;
  perSecond: number;
  /** results that were not taken: their probes were told to come again */
  busy: number;
  /** from a result to its acknowledgement, ms */
  p50Ms: number;
  p99Ms: number;
  mostMs: number;
  /** of a result, until its consumers were done with all */
  serverUs: number;
  databaseUs: number;
  /** until then, from the last acknowledgement, ms */
  behindMs: number;
  residentMb: number;
  /** how late the probes were themselves, at worst, ms */
  ownDelayMs: number;
}

/**
 * What one server carries: so many native probes stay connected, and each sends a ping of 2 KB from time to time, whatever came of the one
 * before; one rate after the other.
 * @param rates results a second, of all probes together
 */
export async function benchCarry(probes: number, rates: readonly number[]): Promise<Carried[]> {
  const load = await Load.start(probes);
  try {
    const carried: Carried[] = [];
    for (const rate of rates) carried.push(await load.measure(rate));
    return carried;
  } catch (error) {
    console.error(load.server.log.slice(-20).join('\n'));
    throw error;
  } finally {
    await load.stop();
  }
}

class Load {
  private firstRun = 0;

  private constructor(
    readonly server: TestServer,
    private readonly call: Call,
    private readonly crowd: ChildProcess,
    private readonly probes: number,
    private readonly operation: string,
    private readonly start: number,
    /** of each probe */
    private readonly runs: number,
  ) {}

  static async start(probes: number): Promise<Load> {
    const env = { SECRET_KEY, LOG_LEVEL: 'info', NODE_OPTIONS: AS_DELIVERED };
    const server = await startServer(env);
    const { call } = await makeRich(server, {
      ...env,
      NODE_OPTIONS: '',
      LOG_LEVEL: 'warn',
      DATA_DIR: server.dataDir,
    });
    const tokens = await registerProbes({ call }, probes);
    const registered = await call<{ identifier: string }[]>('GET', '/probes/me');
    const script = fileURLToPath(new URL('storm/crowd.ts', import.meta.url));
    const crowd = fork(script, { execArgv: ['--import', 'tsx'] });
    const order = (message: Order) => crowd.send(message);
    order({ order: 'enrol', url: server.url, tokens, classic: 0 });
    const come = once(crowd, 'message');
    order({ order: 'come', spreadMs: COME_MS, how: 'first' });
    await come;
    const runs = Math.floor(MOST_RUNS / probes);
    const { id, schedule } = await call<{ id: string; schedule: { start: string } }>(
      'POST',
      '/api/v1/operations',
      {
        ...{
          kind: 'ping',
          params: { ips: ['192.0.2.1'] },
          probes: registered.map(({ identifier }) => identifier),
        },
        schedule: {
          type: 'interval',
          every_s: RUN_S,
          stop: new Date(Date.now() + runs * RUN_S * 1000 - 1000).toISOString(),
        },
      },
    );
    await until('all assignments to be delivered', async () => {
      const { progress } = await call<{ progress: { assignments: Record<string, number> } }>(
        'GET',
        `/api/v1/operations/${id}`,
      );
      return progress.assignments['delivered'] === probes;
    });
    const start = Date.parse(schedule.start) - runs * RUN_S * 1000;
    await moveSchedule(server, id, {
      start: new Date(start),
      stop: new Date(start + runs * RUN_S * 1000 - 1000),
    });
    return new Load(server, call, crowd, probes, id, start, runs);
  }

  async measure(rate: number): Promise<Carried> {
    const runs = Math.ceil((SECONDS * rate) / this.probes);
    if (this.firstRun + runs > this.runs)
      throw new Error(`There are ${this.runs} runs of each probe, and no more`);
    const before = await processorSecondsOf(this.server);
    const answer = once(this.crowd, 'message') as Promise<[Reported]>;
    const order: Order = {
      order: 'report',
      operation: this.operation,
      start: this.start + this.firstRun * RUN_S * 1000,
      everyMs: RUN_S * 1000,
      perSecond: rate,
      seconds: SECONDS,
      content: pingWarts().toString('base64'),
    };
    this.crowd.send(order);
    const [reported] = await answer;
    this.firstRun += runs;
    const acknowledged = performance.now();
    await until(
      'the consumers of the results to be done',
      async () => {
        const { behind } = await this.call<{ behind: { results: number } }>('GET', '/api/v1/stats');
        return behind.results === 0;
      },
      FOLLOWED_MS,
    );
    const behindMs = performance.now() - acknowledged;
    const after = await processorSecondsOf(this.server);
    const { count, refused } = reported;
    if (refused !== undefined) throw new Error(`not stored: ${refused}`);
    return {
      ...{
        probes: this.probes,
        asked: rate,
        perSecond: count / (reported.lastMs / 1000),
        busy: reported.busy,
      },
      ...{ p50Ms: reported.p50Ms, p99Ms: reported.p99Ms, mostMs: reported.mostMs },
      serverUs: ((after[0] - before[0]) / count) * 1e6,
      databaseUs: ((after[1] - before[1]) / count) * 1e6,
      behindMs,
      residentMb: residentBytes(this.server.pid) / 1024 ** 2,
      ownDelayMs: reported.ownDelayMs,
    };
  }

  async stop(): Promise<void> {
    this.crowd.kill();
    await this.server.stop();
  }
}
