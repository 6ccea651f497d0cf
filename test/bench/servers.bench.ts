import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import mongoose from 'mongoose';
import { type Socket } from 'socket.io-client';
import { testMongo } from '../support/mongod.js';
import { runSuperuser, startServer, type TestServer } from '../support/server.js';
import {
  type Call,
  callAs,
  connectClassic,
  processorSeconds,
  registerProbes,
  SECRET_KEY,
} from './platform.js';
import { median } from './versus/scenarios.js';
import { pingWarts } from './warts-sample.js';

const OWNERS = 2;
/** Of each owner. */
const PROBES = 10;
/** Results that one probe has on the way at once. */
const IN_FLIGHT = 10;
const RESULTS = 3_000;
const WARM_UP = 1_000;
const ROUNDS = 3;
/** What readers of the results do after the last acknowledgement counts as well. */
const SETTLE_MS = 2_000;
const PASSWORD = 'Bench-mark-1';

/** Medians of rounds in turn, for a result. */
export interface Shared {
  what: string;
  /** of both servers together, us */
  serversUs: number;
  databaseUs: number;
  perSecond: number;
  /** documents that MongoDB returned */
  returned: number;
  /** transactions of all results that MongoDB gave up, because another had changed the same document */
  conflicts: number;
}

type Figures = Omit<Shared, 'what'>;

interface Probe {
  owner: number;
  sockets: Socket[];
  operation: string;
}

/** How probes go to two servers: all to one, or those of each owner to both, or each owner's to one of them. */
const WAYS: Record<string, (probe: number, owner: number) => number> = {
  'one server takes all, the other none': () => 0,
  'two servers, probes of each owner at both': (probe) => probe % 2,
  'two servers, probes of an owner at one': (_probe, owner) => owner,
};

/** What a second server brings to ingest, and costs: the same results by one server and by two of one database, in turns. */
export async function benchServers(): Promise<Shared[]> {
  const mongo = await testMongo();
  const client = await mongoose.createConnection(mongo.uri).asPromise();
  const env = {
    ...{ MONGODB_URI: mongo.uri, SECRET_KEY, LOG_LEVEL: 'warn' },
    ...{ USER_MAX_RESULTS_PER_DAY: '1000000000000' },
  };
  const database = client.getClient().db();
  const servers = [
    await startServer({ ...env, LOG_LEVEL: 'info' }),
    await startServer({ ...env, LOG_LEVEL: 'info' }),
  ];
  try {
    const probes = await connectProbes(servers, env);
    const figures = new Map<string, Figures[]>(Object.keys(WAYS).map((what) => [what, []]));
    for (let round = -1; round < ROUNDS; round += 1) {
      for (const [what, way] of Object.entries(WAYS)) {
        const one = await measured(servers, database, probes, way, round < 0 ? WARM_UP : RESULTS);
        if (round >= 0) figures.get(what)?.push(one);
      }
    }
    return [...figures].map(([what, all]) => ({ what, ...mediansOf(all) }));
  } finally {
    await client.close();
    for (const server of servers) await server.stop();
    await mongo.stop();
  }
}

/** Each probe is two of one owner, one at each server: a probe is at one server at a time. */
async function connectProbes(servers: readonly TestServer[], env: Record<string, string>): Promise<Probe[]> {
  const [{ url }] = servers as [TestServer];
  await runSuperuser(env, 'superuser@example.org', PASSWORD);
  const superuser = await logIn(url, 'superuser@example.org');
  const probes: Probe[] = [];
  for (let owner = 0; owner < OWNERS; owner += 1) {
    const email = `owner-${owner}@example.org`;
    const { _id } = await callAs(url)<{ _id: string }>('POST', '/register', { email, password: PASSWORD });
    await superuser('POST', '/credits', { id: _id, credits: 1_000_000_000 });
    const call = await logIn(url, email);
    const tokens = await registerProbes({ call }, PROBES * servers.length);
    const sockets = await Promise.all(
      tokens.map((token, index) => connectClassic(servers[index % servers.length]?.url ?? '', token)),
    );
    const own = await call<{ identifier: string }[]>('GET', '/probes/me');
    const operation = await createPing(
      call,
      own.map(({ identifier }) => identifier),
    );
    for (let at = 0; at < sockets.length; at += servers.length)
      probes.push({ owner, operation, sockets: sockets.slice(at, at + servers.length) });
  }
  return probes;
}

async function logIn(url: string, email: string): Promise<Call> {
  const credentials = { email, password: PASSWORD };
  const { access_token } = await callAs(url)<{ access_token: string }>('POST', '/login', credentials);
  return callAs(url, access_token);
}

/** Every minute, until a day is over. @returns its id */
async function createPing(call: Call, probes: readonly string[]): Promise<string> {
  const [date = '', clock = ''] = new Date(Date.now() + 86_400_000).toISOString().split('T');
  const stop_time = `${date.split('-').reverse().join('/')} ${clock.slice(0, 5)}`;
  const params = { ips: ['192.0.2.1'], cron: '* * * * *', stop_time, times_per_minute: 1 };
  return (await call<{ _id: string }>('POST', '/ping', { probes, params }))._id;
}

async function measured(
  servers: readonly TestServer[],
  database: mongoose.mongo.Db,
  probes: readonly Probe[],
  way: (probe: number, owner: number) => number,
  results: number,
): Promise<Figures> {
  const content = pingWarts();
  const chosen = probes.flatMap(({ sockets, owner, operation }, index) => {
    const socket = sockets[way(index, owner)];
    return socket === undefined ? [] : [{ socket, operation }];
  });
  const before = await usedBy(servers, database);
  const began = performance.now();
  let left = results;
  const send = async ({ socket, operation }: (typeof chosen)[0]) => {
    for (; left > 0;) {
      left -= 1;
      const message = { operation_id: operation, content, unique_code: randomUUID(), format: 'warts' };
      await socket.emitWithAck('results', message);
    }
  };
  await Promise.all(chosen.flatMap((each) => Array.from({ length: IN_FLIGHT }, () => send(each))));
  const seconds = (performance.now() - began) / 1000;
  await delay(SETTLE_MS);
  const after = await usedBy(servers, database);
  const each = (of: keyof typeof before) => (after[of] - before[of]) / results;
  return {
    serversUs: each('servers') * 1e6,
    databaseUs: each('database') * 1e6,
    perSecond: results / seconds,
    returned: each('returned'),
    conflicts: after.conflicts - before.conflicts,
  };
}

async function usedBy(servers: readonly TestServer[], database: mongoose.mongo.Db) {
  const { pid, metrics } = (await database.admin().command({ serverStatus: 1 })) as {
    pid: mongoose.mongo.Long | number;
    metrics: { document: { returned: number }; operation: { writeConflicts: number } };
  };
  const times = await Promise.all(servers.map((server) => processorSeconds(server.pid)));
  return {
    servers: times.reduce((sum, time) => sum + time, 0),
    database: await processorSeconds(Number(pid)),
    returned: metrics.document.returned,
    conflicts: metrics.operation.writeConflicts,
  };
}

function mediansOf(all: readonly Figures[]): Figures {
  const of = (key: keyof Figures) => median(all.map((each) => each[key]));
  return {
    ...{ serversUs: of('serversUs'), databaseUs: of('databaseUs'), perSecond: of('perSecond') },
    ...{ returned: of('returned'), conflicts: of('conflicts') },
  };
}
