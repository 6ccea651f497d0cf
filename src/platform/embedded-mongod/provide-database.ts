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
  return startOwn(env, log);
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
