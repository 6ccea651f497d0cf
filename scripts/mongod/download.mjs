import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { intoCache } from './cache.mjs';

/** Built for every platform that the platform's servers are likely to run on, and can open the data of a 6.0. */
const VERSION = '7.0.14';
/** Until the first byte: a site that cannot be reached must not hold up the next source. */
const FIRST_BYTE_LIMIT_MS = 15_000;
const LONGEST_SILENCE_MS = 60_000;

/**
 * The library fetches in a process of its own: it retries and waits as it likes, prints to the console, and cannot
 * be told to stop; a process can. It also accepts any certificate unless npm's strict_ssl is set, which for a program
 * that is about to be run is no default to keep.
 */
const SCRIPT = `
  process.env.npm_config_strict_ssl = 'true';
  process.env.MONGOMS_MAX_RETRIES ??= '1';
  const { MongoBinary } = require(process.argv[1]);
  MongoBinary.getPath({ downloadDir: process.argv[2], version: process.argv[3] }).then(
    (path) => process.send({ path }),
    (error) => process.send({ reason: String(error.message).replace(/\\s+/g, ' ').slice(0, 300) }),
  ).finally(() => process.disconnect());
`;

/**
 * Fetches a mongod from MongoDB's own site, by mongodb-memory-server-core, which knows the build for each system.
 * @throws when nothing arrives for 15 s at first, or for a minute later on, or there is no build for this system
 */
export async function downloadMongod(cacheDir, say) {
  return intoCache(cacheDir, `mongodb-${VERSION}`, async (scratch) => {
    say(`fetching ${VERSION} from MongoDB's site`);
    const library = createRequire(import.meta.url).resolve('mongodb-memory-server-core');
    const child = spawn(process.execPath, ['-e', SCRIPT, library, scratch, VERSION], {
      stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
    });
    const outcome = await outcomeOf(child, say);
    if ('reason' in outcome) {
      throw new Error(outcome.reason);
    }
    return outcome.path;
  });
}

async function outcomeOf(child, say) {
  let outcome;
  let silence;
  const allow = (limitMs) => {
    clearTimeout(silence);
    silence = setTimeout(() => {
      outcome = { reason: `nothing came from MongoDB's site for ${limitMs / 1000} s` };
      child.kill('SIGKILL');
    }, limitMs);
  };
  child.on('message', (message) => {
    outcome ??= message;
  });
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      allow(LONGEST_SILENCE_MS);
      say(line.trim());
    });
  }
  allow(FIRST_BYTE_LIMIT_MS);
  const [code] = await once(child, 'exit');
  clearTimeout(silence);
  return outcome ?? { reason: `the download ended with code ${String(code)}` };
}
