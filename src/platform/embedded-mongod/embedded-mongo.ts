import { setTimeout as delay } from 'node:timers/promises';
import { lockDataDir } from './data-dir-lock.js';
import {
  prepareDatabasePaths,
  readMongodState,
  writeMongodState,
  type DatabasePaths,
} from './database-paths.js';
import type { EmbeddedLog } from './embedded-log.js';
import { findMongod } from './find-mongod.js';
import {
  freePort,
  LOOPBACK,
  REPLICA_SET,
  spawnMongod,
  untilListening,
  whatMongodSaid,
  type MongodChild,
  type MongodSettings,
} from './mongod-process.js';
import { endOrphan, findOrphan } from './orphan.js';
import { becomePrimary } from './replica-set.js';
import { hasSocket, prepareSockets, socketOf } from './unix-socket.js';

const DEFAULT_READY_TIMEOUT_MS = 60_000;
const DEFAULT_STOP_TIMEOUT_MS = 6_000;
const DEFAULT_CACHE_SIZE_MB = 1024;
const DEFAULT_OPLOG_SIZE_MB = 1024;
const DATABASE = 'pladmed';
/** How often a start is tried again because another program took the port between our look and mongod's. */
const PORT_ATTEMPTS = 3;
/** From the first failed command to the end of a mongod that is dying. */
const DEATH_THROES_MS = 300;

export interface EmbeddedMongoOptions {
  /** DATA_DIR: the data in DATA_DIR/db, the lock in DATA_DIR/lock, mongod's log in DATA_DIR/db.log. */
  dataDir: string;
  /** MONGOD_BINARY: this mongod and no other. */
  mongodBinary?: string | undefined;
  /** Where fetched mongods are kept; default ~/.cache/pladmed, or DATA_DIR/cache where that cannot be written. */
  cacheDir?: string | undefined;
  /** How long mongod may take from its start until it takes writes, in milliseconds; fetching it does not count. */
  readyTimeoutMs?: number | undefined;
  /** How long a clean stop may take before mongod is killed (which loses nothing: journal), in milliseconds. */
  stopTimeoutMs?: number | undefined;
  /** WiredTiger's cache, in megabytes, 256 or more; default 1024. */
  cacheSizeMb?: number | undefined;
  /** The replication log, in megabytes, 990 or more; default 1024. */
  oplogSizeMb?: number | undefined;
  log: EmbeddedLog;
}

export interface EmbeddedMongo {
  /** Names the database `pladmed` on the Unix domain socket of mongod, or as the next where it has none. */
  uri: string;
  /** Names the same database by port and replica set. */
  portUri: string;
  /** Of mongod. */
  pid: number;
  /** Stops mongod cleanly and frees the data directory; further calls return the same promise. */
  stop(): Promise<void>;
  /** Called once, with a sentence, when mongod ends although nobody asked it to. */
  onUnexpectedExit(listener: (why: string) => void): void;
}

/**
 * Locks DATA_DIR, finds (or fetches) a mongod, starts it there as a replica set of one, and waits until it takes writes.
 * What an earlier, killed server left behind is cleaned up first.
 * @throws DataDirInUseError when another server has the directory; otherwise an Error whose message says what to do
 */
export async function startEmbeddedMongo(options: EmbeddedMongoOptions): Promise<EmbeddedMongo> {
  const paths = await prepareDatabasePaths(options.dataDir);
  const lock = await lockDataDir(paths.dataDir);
  try {
    const mongod = await findMongod(options);
    options.log.info({ ...mongod, dataDir: paths.dataDir }, 'Starting the embedded database');
    await endOrphan(paths, options.log);
    const child = await startReady(mongod.path, paths, options);
    const uri = await uriOf(paths, child.port);
    return control(child, uri, options, () => lock.release());
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** The address of the embedded database that a server runs on this directory; undefined when none does. */
export async function findRunningEmbeddedMongo(
  dataDir: string,
): Promise<{ uri: string; pid: number } | undefined> {
  const paths = await prepareDatabasePaths(dataDir);
  const pid = await findOrphan(paths);
  const state = await readMongodState(paths.state);
  return pid === undefined || state?.pid !== pid ? undefined : { uri: await uriOf(paths, state.port), pid };
}

async function startReady(
  binary: string,
  paths: DatabasePaths,
  options: EmbeddedMongoOptions,
): Promise<MongodChild> {
  const settings: MongodSettings = {
    paths,
    cacheSizeMb: options.cacheSizeMb ?? DEFAULT_CACHE_SIZE_MB,
    oplogSizeMb: options.oplogSizeMb ?? DEFAULT_OPLOG_SIZE_MB,
    withSocket: await prepareSockets(paths.sockets),
  };
  let wanted = (await readMongodState(paths.state))?.port;
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(wanted);
    const child = await spawnMongod(binary, settings, port);
    await writeMongodState(paths.state, { pid: child.pid, port });
    try {
      await untilReady(child, paths, options.readyTimeoutMs ?? DEFAULT_READY_TIMEOUT_MS);
      return child;
    } catch (error) {
      await endChild(child, options.stopTimeoutMs ?? DEFAULT_STOP_TIMEOUT_MS);
      if (!child.endedForPort() || attempt === PORT_ATTEMPTS) {
        throw error;
      }
      wanted = undefined;
    }
  }
}

async function untilReady(child: MongodChild, paths: DatabasePaths, limitMs: number): Promise<void> {
  const stop = new AbortController();
  const ready = untilListening(child.port, stop.signal).then(() =>
    becomePrimary(child.port, child.pid, stop.signal),
  );
  const died = child.ended.then((why) => {
    throw new Error(`The embedded database did not start: ${why}`);
  });
  const late = delay(limitMs, undefined, { signal: stop.signal }).then(async () => {
    const said = await whatMongodSaid(paths);
    throw new Error(`The embedded database was not ready within ${limitMs / 1000} s and was stopped.${said}`);
  });
  try {
    await Promise.race([ready, died, late]);
  } catch (error) {
    // A mongod that dies closes its connections a moment before it has ended, and its death explains more than they do.
    await Promise.race([child.ended, delay(DEATH_THROES_MS)]);
    throw child.hasEnded() ? await died.catch((death: unknown) => death) : error;
  } finally {
    stop.abort();
    // What lost the race ends by the abort; nobody listens any more.
    for (const loser of [ready, died, late]) {
      loser.catch(() => undefined);
    }
  }
}

function control(
  child: MongodChild,
  uri: string,
  options: EmbeddedMongoOptions,
  release: () => Promise<void>,
): EmbeddedMongo {
  const listeners: ((why: string) => void)[] = [];
  let stopping: Promise<void> | undefined;
  let unexpected: string | undefined;
  void child.ended.then((why) => {
    if (stopping === undefined) {
      unexpected = why;
      options.log.error({ pid: child.pid }, `The embedded database ended unexpectedly: ${why}`);
      for (const listener of listeners.splice(0)) {
        listener(why);
      }
    }
  });
  return {
    uri,
    portUri: portUriOf(child.port),
    pid: child.pid,
    stop: () =>
      (stopping ??= endChild(child, options.stopTimeoutMs ?? DEFAULT_STOP_TIMEOUT_MS).then(release)),
    onUnexpectedExit: (listener) => {
      if (unexpected === undefined) {
        listeners.push(listener);
      } else {
        listener(unexpected);
      }
    },
  };
}

async function endChild(child: MongodChild, limitMs: number): Promise<void> {
  if (child.hasEnded()) {
    return;
  }
  const waited = new AbortController();
  child.kill('SIGTERM');
  const late = delay(limitMs, undefined, { signal: waited.signal }).then(
    () => {
      child.kill('SIGKILL');
    },
    () => undefined,
  );
  await child.ended;
  waited.abort();
  await late;
}

/** By the socket where there is one: a command over it takes two thirds of the processor time that it takes over TCP. */
async function uriOf(paths: DatabasePaths, port: number): Promise<string> {
  if (!(await hasSocket(paths.sockets, port))) return portUriOf(port);
  const socket = encodeURIComponent(socketOf(paths.sockets, port));
  // the set knows its member by the port: a client that looked for members would be sent there
  return `mongodb://${socket}/${DATABASE}?directConnection=true`;
}

function portUriOf(port: number): string {
  return `mongodb://${LOOPBACK}:${port}/${DATABASE}?replicaSet=${REPLICA_SET}`;
}
