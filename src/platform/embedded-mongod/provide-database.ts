import { constants } from 'node:os';
import { type Env } from '../../config/env.js';
import { lockDataDir } from './data-dir-lock.js';
import { type EmbeddedLog } from './embedded-log.js';
import { findRunningEmbeddedMongo, startEmbeddedMongo } from './embedded-mongo.js';

export interface ProvidedDatabase {
  uri: string;
  stop(): Promise<void>;
  onUnexpectedExit(listener: (why: string) => void): void;
}

/** The database that the environment names, or one of our own. DATA_DIR is this process's alone in either case. */
export async function provideDatabase(env: Env, log: EmbeddedLog): Promise<ProvidedDatabase> {
  if (env.mongoUri === undefined) return startOwn(env, log);
  const lock = await lockDataDir(env.dataDir);
  return { uri: env.mongoUri, stop: () => lock.release(), onUnexpectedExit: () => undefined };
}

/** For a command beside the server: the same database, shared with a server that runs, started where none does. */
export async function joinDatabase(
  env: Env,
  log: EmbeddedLog,
): Promise<Pick<ProvidedDatabase, 'uri' | 'stop'>> {
  if (env.mongoUri !== undefined) return { uri: env.mongoUri, stop: () => Promise.resolve() };
  const running = await findRunningEmbeddedMongo(env.dataDir);
  if (running !== undefined) return { uri: running.uri, stop: () => Promise.resolve() };
  const own = startOwn(env, log);
  const ended = stopOnSignals(own, (signal) => 128 + constants.signals[signal]);
  const database = await own;
  return {
    uri: database.uri,
    stop: async () => {
      ended();
      await database.stop();
    },
  };
}

/**
 * SIGTERM and SIGINT while nothing else answers them, which would leave a mongod behind: it is stopped, then this process ends.
 * A second signal ends it at once.
 * @param onSignal hears of it, and gives the exit code
 * @returns to be called when the signals are somebody else's
 */
export function stopOnSignals(
  database: Promise<Pick<ProvidedDatabase, 'stop'>>,
  onSignal: (signal: 'SIGTERM' | 'SIGINT') => number,
): () => void {
  let ending = false;
  const end = (signal: NodeJS.Signals) => {
    if (ending) process.exit(1);
    ending = true;
    const code = onSignal(signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM');
    void database
      .then((provided) => provided.stop())
      // a database that could not be provided is stopped, and has said why
      .catch(() => undefined)
      .finally(() => process.exit(code));
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  return () => {
    process.removeListener('SIGTERM', end);
    process.removeListener('SIGINT', end);
  };
}

async function startOwn(env: Env, log: EmbeddedLog): Promise<ProvidedDatabase> {
  return startEmbeddedMongo({
    dataDir: env.dataDir,
    mongodBinary: env.mongodBinary,
    cacheDir: env.cacheDir,
    cacheSizeMb: env.mongodCacheMb,
    log,
  });
}
