/**
 * One mongod and one bundle of the server for all test files of a run. Jest loads this file by itself, before its transforms:
 * so it is JavaScript, and takes the embedded database from the build.
 */
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedMongo } from '../../dist/platform/embedded-mongod/embedded-mongo.js';
import { bundleServer } from './bundles.js';

/** What the databases of a whole run take, and more. */
const ROOM = 4 * 1024 ** 3;

const say = (_fields, message) => console.error(message);

export default async function globalSetup() {
  process.env.PLADMED_TEST_SERVER = await bundleServer();
  const dataDir = await mkdtemp(join(await quickFolder(), 'pladmed-mongod-'));
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

/** In memory where there is room: nobody kills this mongod, and each commit would wait for the disk. */
async function quickFolder() {
  const memory = await statfs('/dev/shm').catch(() => undefined);
  return memory !== undefined && memory.bavail * memory.bsize > ROOM ? '/dev/shm' : tmpdir();
}
