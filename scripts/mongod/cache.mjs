import { access, chmod, constants, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { cachedName } from '../../dist/platform/embedded-mongod/mongod-cache.js';

const SCRATCH = 'fetching-';
/** No fetch takes so long: what is older was left by one that was killed. */
const ABANDONED_MS = 24 * 3600_000;

/** @returns the first of the folders that can be written; it is made where it is missing */
export async function writable([wanted, other]) {
  try {
    await mkdir(wanted, { recursive: true });
    await access(wanted, constants.W_OK | constants.X_OK);
    return wanted;
  } catch {
    await mkdir(other, { recursive: true });
    return other;
  }
}

/**
 * Runs `fetch` with a scratch folder inside the cache and moves the program it returns to its name there.
 * The last step is a rename, so another process sees no mongod or a whole one, also when two fetch at once.
 * @param fetch returns the path, inside the scratch folder, of the mongod
 * @returns the path in the cache
 */
export async function intoCache(cacheDir, origin, fetch) {
  await removeAbandoned(cacheDir);
  const scratch = await mkdtemp(join(cacheDir, SCRATCH));
  try {
    const fetched = await fetch(scratch);
    await chmod(fetched, 0o755);
    const path = join(cacheDir, cachedName(origin));
    await rename(fetched, path);
    return path;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function removeAbandoned(cacheDir) {
  for (const name of await readdir(cacheDir)) {
    const path = join(cacheDir, name);
    const stats = name.startsWith(SCRATCH) ? await stat(path).catch(() => undefined) : undefined;
    if (stats !== undefined && Date.now() - stats.mtimeMs > ABANDONED_MS) {
      await rm(path, { recursive: true, force: true });
    }
  }
}
