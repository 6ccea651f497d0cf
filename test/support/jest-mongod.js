/**
 * One mongod for all test files of a run. Jest loads this file by itself, before its transforms: so it is JavaScript, and
 * takes the embedded database from the build.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedMongo } from '../../dist/platform/embedded-mongod/embedded-mongo.js';

const say = (_fields, message) => console.error(message);

export default async function globalSetup() {
  const dataDir = await mkdtemp(join(tmpdir(), 'pladmed-mongod-'));
  const log = {
    info: (fields, message) => message.startsWith('Fetching') && say(fields, message),
    warn: say,
    error: say,
  };
  const mongod = await startEmbeddedMongo({ dataDir, mongodBinary: process.env.MONGOD_BINARY, log });
  process.env.PLADMED_TEST_MONGODB_URI = mongod.uri;
  globalThis.pladmedTestMongod = {
    stop: async () => {
      await mongod.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
