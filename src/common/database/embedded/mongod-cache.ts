import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

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
  const scratch = await mkdtemp(join(cacheDir, `fetching-${randomUUID().slice(0, 8)}-`));
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
