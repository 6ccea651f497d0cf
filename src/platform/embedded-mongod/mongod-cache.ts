import { chmod, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const SCRATCH = 'fetching-';
/** No fetch takes so long: what is older was left by one that was killed. */
const ABANDONED_MS = 24 * 3600_000;

/** What a fetched mongod is called in the cache: the home folder may be shared by machines of several kinds. */
export function cachedName(origin: string): string {
  return `mongod-${process.platform}-${process.arch}-${origin}`;
}

/**
 * Runs `fetch` with a scratch folder inside the cache and moves the program it returns to its name there.
 * The last step is a rename, so another process sees no mongod or a whole one, also when two fetch at once.
 * @param fetch returns the path, inside the scratch folder, of the mongod
 * @returns the path in the cache
 */
export async function intoCache(
  cacheDir: string,
  origin: string,
  fetch: (scratch: string) => Promise<string>,
): Promise<string> {
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

async function removeAbandoned(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    const path = join(cacheDir, name);
    const stats = name.startsWith(SCRATCH) ? await stat(path).catch(() => undefined) : undefined;
    if (stats !== undefined && Date.now() - stats.mtimeMs > ABANDONED_MS) {
      await rm(path, { recursive: true, force: true });
    }
  }
}
