import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort, startServer, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { callAs, type Call, makeRich, processorSecondsOf, registerProbes, SECRET_KEY } from './platform.js';
import { type Arrived, type Order } from './storm/crowd.js';
import { type UserFigures, Users } from './storm/users.js';

/** All probes come back within this. */
const SPREAD_MS = 1000;
/** The first time, before anything is measured. */
const FIRST_SPREAD_MS = 20_000;
/** A user's log-in costs what it costs in the field. */
const PASSWORD_COST = '10';

interface Size {
  probes: number;
  /** between two requests of one kind by users */
  everyMs: number;
  passwordCost: string;
}

const FULL_SIZE: Size = { probes: 5000, everyMs: 1000, passwordCost: PASSWORD_COST };

export interface Storm {
  what: string;
  /** milliseconds until half of the probes, 99 in 100, and all were served; and until the last status was acknowledged */
  halfMs: number;
  p99Ms: number;
  allMs: number;
  heardMs: number;
  failures: Record<string, number>;
  /** seconds of processor time, all threads: the server, its database. They mean something on a busy machine too */
  processorS: [number, number];
  users: UserFigures[];
  /** of the server that was started again: from its start until it listened */
  bootMs?: number;
  /** how late the event loops of those who measured were, at worst: probes, users */
  ownDelayMs: [number, number];
}

/**
 * 5,000 probes with two operations each, a tenth of them classic, all come back within a second: after their connections were
 * cut; after the network was gone without a word (their old connections still stand); after the server was killed and started
 * again. Users go on working meanwhile.
 */
export async function benchReconnect(size: Partial<Size> = {}): Promise<Storm[]> {
  const platform = await Platform.start({ ...FULL_SIZE, ...size });
  try {
    const storms: Storm[] = [];
    await platform.storm('the first time', 'first');
    await platform.assign();
    storms.push(await platform.storm('connections cut', 'cut'));
    storms.push(await platform.storm('network gone, old connections stand', 'silent'));
    storms.push(await platform.killed());
    return storms;
  } catch (error) {
    console.error(platform.server.log.slice(-20).join('\n'));
    throw error;
  } finally {
    await platform.stop();
  }
}

class Platform {
  private operation = '';
  private readonly probes: string[] = [];

  private constructor(
    public server: TestServer,
    private readonly env: Record<string, string>,
    private readonly crowd: ChildProcess,
    private readonly call: Call,
    private readonly credentials: object,
    private readonly size: Size,
  ) {}

  static async start(size: Size): Promise<Platform> {
    const port = String(await freePort());
    const env = {
      SECRET_KEY,
      LOG_LEVEL: 'info',
      PASSWORD_COST: size.passwordCost,
      PORT: port,
      LOGIN_MAX_FAILURES: '0',
      LOGIN_MAX_FAILURES_PER_ADDRESS: '0',
    };
    const server = await startServer(env);
    const restart = { ...env, DATA_DIR: server.dataDir };
    const { call, credentials } = await makeRich(server, restart);
    const script = fileURLToPath(new URL('storm/crowd.ts', import.meta.url));
    const crowd = fork(script, { execArgv: ['--import', 'tsx'] });
    const platform = new Platform(server, restart, crowd, call, credentials, size);
    const tokens = await registerProbes({ call }, size.probes);
    platform.order({ order: 'enrol', url: server.url, tokens, classic: size.probes / 10 });
    return platform;
  }

  async stop(): Promise<void> {
    this.crowd.kill();
    await this.server.stop();
  }

  /** Two operations for each probe, delivered. */
  async assign(): Promise<void> {
    const listed = await this.call<{ identifier: string }[]>('GET', '/probes/me');
    this.probes.push(...listed.map(({ identifier }) => identifier));
    const times = { cron: '0 0 1 1 *', stop_time: '31/12/2027 00:00', times_per_minute: 1 };
    for (const ips of [['192.0.2.1'], ['192.0.2.2']]) {
      const body = { probes: this.probes, params: { ips, ...times } };
      this.operation = (await this.call<{ _id: string }>('POST', '/ping', body))._id;
    }
    await until('all assignments are delivered', async () => {
      const { progress } = await this.call<{ progress: { assignments: Record<string, number> } }>(
        'GET',
        `/api/v1/operations/${this.operation}`,
      );
      return progress.assignments['delivered'] === this.size.probes;
    });
  }

  async storm(what: string, how: Extract<Order, { order: 'come' }>['how']): Promise<Storm> {
    const users = this.users();
    if (how !== 'first') users.begin();
    const before = await processorSecondsOf(this.server);
    const answer = once(this.crowd, 'message') as Promise<[Arrived]>;
    this.order({ order: 'come', spreadMs: how === 'first' ? FIRST_SPREAD_MS : SPREAD_MS, how });
    const [arrived] = await answer;
    const after = await processorSecondsOf(this.server);
    await this.demandAllShown();
    const { figures, ownDelayMs } = await users.end();
    const at = (share: number) => Math.round(arrived.served[Math.ceil(share * this.size.probes) - 1] ?? NaN);
    return {
      what,
      halfMs: at(0.5),
      p99Ms: at(0.99),
      allMs: at(1),
      heardMs: Math.round(arrived.heardMs),
      failures: arrived.failures,
      processorS: [after[0] - before[0], after[1] - before[1]],
      users: figures,
      ownDelayMs: [Math.round(arrived.ownDelayMs), Math.round(ownDelayMs)],
    };
  }

  /** The clock runs from when it listens. */
  async killed(): Promise<Storm> {
    await this.server.kill();
    const began = performance.now();
    this.server = await startServer(this.env);
    const bootMs = Math.round(performance.now() - began);
    return { ...(await this.storm('server killed and started', 'cut')), bootMs };
  }

  private order(order: Order): void {
    this.crowd.send(order);
  }

  /** Served is not only what a probe thinks. */
  private async demandAllShown(): Promise<void> {
    const all = await this.call<{ connected: boolean }[]>('GET', '/probes');
    const connected = all.filter((probe) => probe.connected).length;
    if (connected !== this.size.probes)
      throw new Error(`${connected} of ${this.size.probes} probes are shown as connected`);
  }

  private users(): Users {
    let next = 0;
    const probe = () => this.probes[next++ % this.probes.length];
    return new Users(this.size.everyMs, [
      { name: 'GET /users/me', send: () => this.call('GET', '/users/me') },
      {
        name: 'GET /api/v1/operations/{id}',
        send: () => this.call('GET', `/api/v1/operations/${this.operation}`),
      },
      { name: 'POST /login', send: () => callAs(this.server.url)('POST', '/login', this.credentials) },
      {
        name: 'POST /api/v1/operations',
        send: () =>
          this.call('POST', '/api/v1/operations', {
            kind: 'ping',
            params: { ips: ['192.0.2.1'] },
            probes: [probe()],
            schedule: { type: 'once' },
          }),
      },
    ]);
  }
}
