import mongoose from 'mongoose';
import { setTimeout as delay } from 'node:timers/promises';
import { LOOPBACK, REPLICA_SET } from './mongod-process.js';

const { MongoClient, MongoNetworkError, MongoServerError } = mongoose.mongo;
type Client = InstanceType<typeof MongoClient>;

/** Server error codes: there is no configuration yet; somebody has just made one. */
const NOT_YET_INITIALIZED = 94;
const ALREADY_INITIALIZED = 23;
const POLL_MS = 10;

interface ReplicaSetConfig {
  version: number;
  members: { _id: number; host: string }[];
  settings?: { electionTimeoutMillis?: number };
}

/**
 * Makes the mongod that listens on `port` the writable primary of a replica set of one, whatever it was before:
 * new, closed, killed, or configured for another port.
 * @param pid of the mongod that is meant: another program may have taken the port
 * @throws when it is another's, or `stop` is aborted first
 */
export async function becomePrimary(port: number, pid: number, stop: AbortSignal): Promise<void> {
  const client = new MongoClient(`mongodb://${LOOPBACK}:${port}/?directConnection=true`, {
    // Set by the caller's deadline; a try that hangs must not outlive it by much.
    serverSelectionTimeoutMS: 5_000,
    maxPoolSize: 2,
  });
  const abort = (): void => void client.close();
  stop.addEventListener('abort', abort, { once: true });
  try {
    await requireProcess(client, pid);
    const progress = { configured: false };
    while (!(await advance(client, `${LOOPBACK}:${port}`, progress))) {
      await delay(POLL_MS, undefined, { signal: stop });
    }
  } finally {
    stop.removeEventListener('abort', abort);
    await client.close();
  }
}

/** One step towards being primary; true when it is. A mongod that changes its state may close all connections. */
async function advance(client: Client, host: string, progress: { configured: boolean }): Promise<boolean> {
  try {
    if (await isPrimary(client)) {
      return true;
    }
    progress.configured ||= await configure(client, host);
  } catch (error) {
    if (!(error instanceof MongoNetworkError)) {
      throw error;
    }
  }
  return false;
}

async function requireProcess(client: Client, pid: number): Promise<void> {
  const status = await client
    .db('admin')
    .command({ serverStatus: 1, repl: 0, metrics: 0, locks: 0, wiredTiger: 0 });
  if (Number(status['pid']) !== pid) {
    throw new Error(
      `Another mongod (process ${String(status['pid'])}) answers on the embedded database's port.`,
    );
  }
}

async function isPrimary(client: Client): Promise<boolean> {
  const hello = await client.db('admin').command({ hello: 1 });
  return hello['isWritablePrimary'] === true;
}

/**
 * @returns false when it has to be tried again: a mongod that still reads its configuration says that it has none.
 * It may read for 30 s: if a program that never answers now listens on the member's former address, it waits for it.
 */
async function configure(client: Client, host: string): Promise<boolean> {
  const config = await readConfig(client);
  if (config === undefined) {
    return initiate(client, host);
  }
  if (config.members.length !== 1 || config.members[0]?.host !== host) {
    // Forced: a member whose address has changed does not know itself, and cannot be elected to change it.
    const members = [{ ...config.members[0], _id: 0, host }];
    const changed = { ...config, version: config.version + 1, members };
    await client.db('admin').command({ replSetReconfig: changed, force: true });
  }
  return true;
}

async function readConfig(client: Client): Promise<ReplicaSetConfig | undefined> {
  try {
    const answer = await client.db('admin').command({ replSetGetConfig: 1 });
    return answer['config'] as ReplicaSetConfig;
  } catch (error) {
    if (error instanceof MongoServerError && error.code === NOT_YET_INITIALIZED) {
      return undefined;
    }
    throw error;
  }
}

async function initiate(client: Client, host: string): Promise<boolean> {
  const config = { _id: REPLICA_SET, members: [{ _id: 0, host }], settings: { electionTimeoutMillis: 500 } };
  try {
    await client.db('admin').command({ replSetInitiate: config });
    return true;
  } catch (error) {
    if (!(error instanceof MongoServerError) || error.code !== ALREADY_INITIALIZED) {
      throw error;
    }
    return false;
  }
}
