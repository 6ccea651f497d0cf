import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import mongoose from 'mongoose';
import { io, type Socket } from 'socket.io-client';
import { findRunningEmbeddedMongo } from '../../src/platform/embedded-mongod/embedded-mongo.js';
import { runSuperuser, startServer, type TestServer } from '../support/server.js';

export const SECRET_KEY = 'a secret for benchmarks only';

/** How `npm start` and the image start node (docs/operations.md, "The young generation of the heap"). */
export const AS_DELIVERED = '--max-semi-space-size=64';

/** What /proc counts in (CLK_TCK, 100 on every Linux that node runs on). */
const TICKS_PER_S = 100;

/** @returns the answer's JSON; throws on an error status */
export type Call = <T>(method: string, path: string, body?: object) => Promise<T>;

export interface Platform {
  server: TestServer;
  call: Call;
}

/** A server with an embedded database of its own, and a rich user. */
export async function startPlatform(): Promise<Platform> {
  const server = await startServer({ SECRET_KEY, LOG_LEVEL: 'info', NODE_OPTIONS: AS_DELIVERED });
  const { call } = await makeRich(server, { SECRET_KEY, LOG_LEVEL: 'warn', DATA_DIR: server.dataDir });
  return { server, call };
}

/** @param env of the server */
export async function makeRich(server: TestServer, env: Record<string, string>) {
  const credentials = { email: 'bench@example.org', password: 'Bench-mark-1' };
  await runSuperuser({ ...env, LOG_LEVEL: 'warn' }, credentials.email, credentials.password);
  const { access_token } = await callAs(server.url)<{ access_token: string }>('POST', '/login', credentials);
  const call = callAs(server.url, access_token);
  const me = await call<{ _id: string }>('GET', '/users/me');
  await call('POST', '/credits', { id: me._id, credits: 1_000_000_000 });
  return { call, credentials, token: access_token };
}

export function callAs(url: string, token?: string): Call {
  return <T>(method: string, path: string, body?: object) =>
    request(url, method, path, body, token) as Promise<T>;
}

async function request(
  url: string,
  method: string,
  path: string,
  body?: object,
  token?: string,
): Promise<unknown> {
  const response = await fetch(url + path, {
    method,
    headers: { 'Content-Type': 'application/json', ...(token !== undefined && { access_token: token }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
}

/** @returns tokens of new probes */
export async function registerProbes({ call }: Pick<Platform, 'call'>, count: number): Promise<string[]> {
  const tokens: string[] = [];
  for (let done = 0; done < count; done += 50) {
    const batch = Array.from({ length: Math.min(50, count - done) }, () =>
      call<{ token: string }>('POST', '/probes', { location: { longitude: 0, latitude: 0 } }),
    );
    tokens.push(...(await Promise.all(batch)).map(({ token }) => token));
  }
  return tokens;
}

export async function connectClassic(url: string, token: string): Promise<Socket> {
  return connected(
    io(url, {
      query: { token },
      transports: ['websocket'],
      extraHeaders: { total_credits: '1000000', in_use_credits: '0' },
      forceNew: true,
      reconnection: false,
    }),
  );
}

export async function connectNative(url: string, token: string): Promise<Socket> {
  const auth = {
    token,
    protocol: 2,
    version: 'bench',
    capabilities: { kinds: ['ping', 'traceroute', 'dns'] },
  };
  const socket = io(`${url}/probe`, { auth, transports: ['websocket'], forceNew: true, reconnection: false });
  socket.on('sync', (_message: unknown, acknowledge: (answer: object) => void) => {
    acknowledge({ refused: [] });
  });
  return connected(socket);
}

async function connected(socket: Socket): Promise<Socket> {
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return socket;
}

/** @returns the echo server's URL and how to end it */
export async function startEcho(): Promise<Script> {
  return startScript('echo-server.ts');
}

export interface Script {
  url: string;
  pid: number;
  /** ends it */
  stop(): void;
}

/** @param name of a script beside this one, which says its port when it listens */
export async function startScript(name: string, ...args: string[]): Promise<Script> {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, [AS_DELIVERED, '--import', 'tsx', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<number>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      resolve((JSON.parse(line) as { port: number }).port);
    });
  });
  return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, stop: () => child.kill() };
}

/**
 * Lets the schedule of an operation have begun before now, which nobody can ask for: only runs that are due count, and results before their
 * time are kept apart until it comes (core/ingest), which would be measured.
 */
export async function moveSchedule(
  { dataDir }: Pick<TestServer, 'dataDir'>,
  operation: string,
  { start, stop }: { start: Date; stop?: Date },
): Promise<void> {
  const mongo = await findRunningEmbeddedMongo(dataDir);
  if (mongo === undefined) throw new Error('The server has no database of its own');
  const client = await mongoose.mongo.MongoClient.connect(mongo.uri);
  try {
    const changed = await client
      .db()
      .collection('operations')
      .updateOne(
        { _id: new mongoose.mongo.ObjectId(operation) },
        { $set: { 'schedule.start': start, ...(stop && { 'schedule.stop': stop }) } },
      );
    if (changed.modifiedCount !== 1) throw new Error(`there is no operation ${operation}`);
  } finally {
    await client.close();
  }
}

/** @returns resident memory of a process in bytes */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}

/** @returns processor time that a process has used, all its threads, in seconds */
export async function processorSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const [user = 0, system = 0] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14).map(Number);
  return (user + system) / TICKS_PER_S;
}

/** The same of a server with a database of its own, and of that database. */
export async function processorSecondsOf({
  pid,
  dataDir,
}: Pick<TestServer, 'pid' | 'dataDir'>): Promise<[server: number, database: number]> {
  const state = await readFile(join(dataDir, 'mongod.json'), 'utf8');
  const database = (JSON.parse(state) as { pid: number }).pid;
  return [await processorSeconds(pid), await processorSeconds(database)];
}
