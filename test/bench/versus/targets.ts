import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { type Socket } from 'socket.io-client';
import { runSuperuser, startServer } from '../../support/server.js';
import {
  AS_DELIVERED,
  callAs,
  type Call,
  connectClassic,
  processorSeconds,
  SECRET_KEY,
} from '../platform.js';
import { type Build } from './builds.js';

const PASSWORD = 'Bench-mark-1';
const CREDITS = 1_000_000_000;
/** What goes on after the last answer counts as well: acknowledgements are noted, and marked as seen. */
const SETTLE_MS = 200;
/** Connections that are opened at once. */
const PORTION = 50;
/** So that quotas are looked at, and never reached. */
const NO_QUOTA_IS_REACHED = {
  USER_MAX_OPERATIONS_PER_DAY: '10000000',
  USER_MAX_RUNNING_OPERATIONS: '10000000',
  USER_MAX_RESULTS_PER_DAY: '1000000000000',
  TARGET_MAX_PROBES: '1000000000',
  TARGET_MAX_PACKETS_PER_S: '1000000000',
};

/** Processor time in milliseconds; undefined where nobody said which process it is. */
export interface ProcessorMs {
  server: number | undefined;
  database: number | undefined;
}

/** A server that speaks the classic contract, and a new user of it who is rich. */
export class Target {
  private readonly sockets: Socket[] = [];

  constructor(
    readonly label: string,
    readonly url: string,
    private readonly superuser: { email: string; password: string },
    private readonly pids: { server: readonly number[]; database: readonly number[] },
    readonly stop: () => Promise<void>,
  ) {}

  /** An account of its own for each scenario: what one leaves behind does not slow the others. */
  async richUser(): Promise<Call> {
    const credentials = { email: `bench-${randomUUID()}@example.org`, password: PASSWORD };
    const { _id } = await callAs(this.url)<{ _id: string }>('POST', '/register', credentials);
    const superuser = await this.logIn(this.superuser);
    await superuser('POST', '/credits', { id: _id, credits: CREDITS });
    return this.logIn(credentials);
  }

  /**
   * Connects classic probes by their tokens, a portion at a time.
   * @throws an Error that says how many the server took; the original takes 1,024 connections of all kinds (eventlet's pool)
   */
  async connect(tokens: readonly string[]): Promise<Socket[]> {
    const sockets: Socket[] = [];
    for (let done = 0; done < tokens.length; done += PORTION) {
      const portion = tokens.slice(done, done + PORTION).map((token) => connectClassic(this.url, token));
      const settled = await Promise.allSettled(portion);
      for (const one of settled) if (one.status === 'fulfilled') sockets.push(one.value);
      const failed = settled.find((one) => one.status === 'rejected');
      if (failed !== undefined)
        throw new Error(
          `${this.label} took ${sockets.length} of ${tokens.length} probes: ${String(failed.reason)}`,
        );
    }
    this.sockets.push(...sockets);
    return sockets;
  }

  /** Ends the connections of all probes, so that those of one scenario are not there in the next. */
  disconnectAll(): void {
    for (const socket of this.sockets.splice(0)) socket.disconnect();
  }

  /** @returns what `work` took of the processors */
  async measured(work: () => Promise<void>): Promise<ProcessorMs> {
    const before = await this.used();
    await work();
    await delay(SETTLE_MS);
    const after = await this.used();
    return {
      server: less(after.server, before.server),
      database: less(after.database, before.database),
    };
  }

  private async used(): Promise<ProcessorMs> {
    const { server, database } = this.pids;
    return { server: await millisecondsOf(server), database: await millisecondsOf(database) };
  }

  private async logIn(credentials: { email: string; password: string }): Promise<Call> {
    const { access_token } = await callAs(this.url)<{ access_token: string }>('POST', '/login', credentials);
    return callAs(this.url, access_token);
  }
}

/** Starts a build, with a database of its own. */
export async function startBuild(label: string, { dist }: Build): Promise<Target> {
  process.env['PLADMED_TEST_SERVER'] = dist;
  const server = await startServer({
    ...{ SECRET_KEY, LOG_LEVEL: 'info', NODE_OPTIONS: AS_DELIVERED },
    ...NO_QUOTA_IS_REACHED,
  });
  const superuser = { email: 'superuser@example.org', password: PASSWORD };
  const env = { SECRET_KEY, LOG_LEVEL: 'warn', DATA_DIR: server.dataDir };
  await runSuperuser(env, superuser.email, superuser.password);
  const pids = { server: [server.pid], database: await childrenOf(server.pid) };
  return new Target(label, server.url, superuser, pids, async () => {
    await server.stop();
  });
}

/**
 * A server that somebody else runs.
 * @param superuser "e-mail:password" of one that exists
 * @param pids "server=PID,PID database=PID"; what is not named is not measured
 */
export function standingTarget(url: string, superuser: string, pids: string): Target {
  const colon = superuser.indexOf(':');
  const named = (name: string): number[] =>
    new RegExp(`${name}=([\\d,]+)`).exec(pids)?.[1]?.split(',').map(Number) ?? [];
  return new Target(
    url,
    url,
    { email: superuser.slice(0, colon), password: superuser.slice(colon + 1) },
    { server: named('server'), database: named('database') },
    () => Promise.resolve(),
  );
}

async function millisecondsOf(pids: readonly number[]): Promise<number | undefined> {
  if (pids.length === 0) return undefined;
  const seconds = await Promise.all(pids.map(processorSeconds));
  return 1_000 * seconds.reduce((sum, each) => sum + each, 0);
}

function less(after: number | undefined, before: number | undefined): number | undefined {
  return after === undefined || before === undefined ? undefined : after - before;
}

/** The embedded database is the server's only child. */
async function childrenOf(parent: number): Promise<number[]> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found: number[] = [];
  for (const pid of processes) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const [, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(ppid) === parent) found.push(Number(pid));
  }
  return found;
}
