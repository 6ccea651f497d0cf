/**
 * One mongod and one bundle of the server for all test files of a run. Jest loads this file by itself, before its transforms:
 * so it is JavaScript, and takes the embedded database from the build.
 */
import { rmSync } from 'node:fs';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedMongo } from '../../dist/platform/embedded-mongod/embedded-mongo.js';
import { bundleServer } from './bundles.js';
import { cacheCode } from './server-code-cache.js';

/** What the databases of a whole run take, and more. */
const ROOM = 4 * 1024 ** 3;

const say = (_fields, message) => console.error(message);

export default async function globalSetup() {
  const server = await bundleServer();
  process.env.PLADMED_TEST_SERVER = server;
  const dataDir = await mkdtemp(join(await quickFolder(), 'pladmed-mongod-'));
  const log = {
    info: (fields, message) => message.startsWith('Fetching') && say(fields, message),
    warn: say,
    error: say,
  };
  const mongod = await startEmbeddedMongo({ dataDir, mongodBinary: process.env.MONGOD_BINARY, log });
  process.env.PLADMED_TEST_MONGODB_URI = mongod.portUri;
  const leaveNothing = () => {
    try {
      process.kill(mongod.pid, 'SIGKILL');
    } catch {
      // it has ended already
    }
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 10 });
  };
  process.once('exit', leaveNothing);
  // without a listener they end jest at once, and no exit is told
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  await cacheCode(server, mongod.portUri);
  globalThis.pladmedTestMongod = {
    stop: async () => {
      process.removeListener('exit', leaveNothing);
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
