import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { startEmbeddedMongo } from '../../src/platform/embedded-mongod/embedded-mongo.js';
import type { EmbeddedLog } from '../../src/platform/embedded-mongod/embedded-log.js';

/** Set by jest-mongod.js for the test files of a run, which jest runs in processes of their own. */
const SHARED_URI = 'PLADMED_TEST_MONGODB_URI';

interface TestMongod {
  uri: string;
  stop(): Promise<void>;
}

/** Says nothing but the progress of a fetch, which would otherwise look like a test that hangs. */
const testLog: EmbeddedLog = {
  info: (_fields, message) => {
    if (message.startsWith('Fetching')) {
      console.error(message);
    }
  },
  warn: () => undefined,
  error: (_fields, message) => {
    console.error(message);
  },
};

/**
 * A database of its own for a test file: on the run's shared mongod when there is one, otherwise
 * on a mongod started for this file. `stop` drops it.
 */
export async function testMongo(): Promise<TestMongod> {
  const shared = process.env[SHARED_URI];
  if (shared === undefined || shared === '') {
    const own = await startTemporaryMongod();
    return { uri: freshDatabaseUri(own.uri), stop: () => own.stop() };
  }
  const uri = freshDatabaseUri(shared);
  return { uri, stop: () => dropDatabase(uri) };
}

/** The same server with a database name that nobody has used. */
export function freshDatabaseUri(uri = process.env[SHARED_URI] ?? ''): string {
  if (uri === '') {
    throw new Error(`No shared test database: ${SHARED_URI} is not set.`);
  }
  const fresh = new URL(uri);
  fresh.pathname = `/test_${randomBytes(8).toString('hex')}`;
  return fresh.href;
}

async function startTemporaryMongod(): Promise<TestMongod> {
  const dataDir = await mkdtemp(join(tmpdir(), 'pladmed-test-'));
  const mongo = await startEmbeddedMongo({ ...testMongoOptions(), dataDir });
  const killOnExit = (): void => {
    process.kill(mongo.pid, 'SIGKILL');
  };
  // A run that is interrupted must leave no mongod behind.
  process.once('exit', killOnExit);
  return {
    uri: mongo.portUri,
    stop: async () => {
      process.removeListener('exit', killOnExit);
      await mongo.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** What tests give startEmbeddedMongo beside the data directory: small, quiet, and the mongod that this machine has. */
export function testMongoOptions(): Omit<Parameters<typeof startEmbeddedMongo>[0], 'dataDir'> {
  const cacheHome = process.env['XDG_CACHE_HOME'];
  return {
    mongodBinary: process.env['MONGOD_BINARY'],
    cacheDir: cacheHome === undefined || cacheHome === '' ? undefined : join(cacheHome, 'pladmed'),
    cacheSizeMb: 256,
    oplogSizeMb: 990,
    log: testLog,
  };
}

async function dropDatabase(uri: string): Promise<void> {
  const client = new mongoose.mongo.MongoClient(uri);
  try {
    await client.db().dropDatabase();
  } finally {
    await client.close();
  }
}
