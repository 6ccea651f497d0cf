import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** What a fetched mongod is called in the cache: the home folder may be shared by machines of several kinds. */
export function cachedName(origin: string): string {
  return `mongod-${process.platform}-${process.arch}-${origin}`;
}

/** Where scripts/mongod.mjs puts a mongod: the second folder where the first cannot be written. */
export function cacheFolders(dataDir: string, cacheDir?: string): [string, string] {
  return [resolve(cacheDir ?? join(homedir(), '.cache', 'pladmed')), resolve(dataDir, 'cache')];
}
