import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { EmbeddedLog } from './embedded-log.js';
import { cachedName, cacheFolders } from './mongod-cache.js';
import { checkMongod } from './mongod-version.js';

export type MongodSource = 'MONGOD_BINARY' | 'PATH' | 'cache';

export interface FoundMongod {
  path: string;
  source: MongodSource;
  version: string;
}

/** There is none in any of the places where a server looks. */
export class NoMongodError extends Error {
  override readonly name = 'NoMongodError';

  /** @param failures what there was, and why it does not do */
  constructor(readonly failures: readonly string[]) {
    super(
      'No mongod 6.0 or later is on the PATH or in the cache. `npm run mongod` fetches one (42 MB); or install MongoDB, ' +
        `name one with MONGOD_BINARY, or use a server with MONGODB_URI.${failures.map((line) => `\n  - ${line}`).join('')}`,
    );
  }
}

export interface FindMongodOptions {
  dataDir: string;
  mongodBinary?: string | undefined;
  cacheDir?: string | undefined;
  log: Pick<EmbeddedLog, 'warn'>;
  /** Folders to look in for an installed mongod; default: the PATH of this process. */
  searchPath?: string[] | undefined;
}

/**
 * The first mongod that works: MONGOD_BINARY, the PATH, what scripts/mongod.mjs has fetched.
 * One works when it answers `--version` with 6.0 or later. MONGOD_BINARY is a decision: when it does not work,
 * nothing else is tried.
 * @throws NoMongodError; or that MONGOD_BINARY does not work, and why
 */
export async function findMongod(options: FindMongodOptions): Promise<FoundMongod> {
  if (options.mongodBinary !== undefined && options.mongodBinary !== '') {
    return chosenMongod(options.mongodBinary);
  }
  const failures: string[] = [];
  const found = (await installedMongod(options, failures)) ?? (await cachedMongod(options, failures));
  if (found === undefined) throw new NoMongodError(failures);
  return found;
}

async function chosenMongod(path: string): Promise<FoundMongod> {
  const check = await checkMongod(path);
  return check.works
    ? { path, source: 'MONGOD_BINARY', version: check.version }
    : fail(
        `MONGOD_BINARY is ${path}, but that mongod does not work: ${check.reason}. Correct it, or leave it out.`,
      );
}

async function installedMongod(
  options: FindMongodOptions,
  failures: string[],
): Promise<FoundMongod | undefined> {
  const paths = options.searchPath?.map((folder) => join(folder, 'mongod')) ?? ['mongod'];
  for (const path of paths) {
    const check = await checkMongod(path);
    if (check.works) {
      return { path, source: 'PATH', version: check.version };
    }
    if (!check.missing) {
      options.log.warn({ path, reason: check.reason }, 'The installed mongod is passed over');
      failures.push(`the mongod on the PATH: ${check.reason}`);
    }
  }
  return undefined;
}

async function cachedMongod(
  { dataDir, cacheDir, log }: FindMongodOptions,
  failures: string[],
): Promise<FoundMongod | undefined> {
  for (const folder of cacheFolders(dataDir, cacheDir)) {
    const names = await readdir(folder).catch(() => []);
    const prefix = cachedName('');
    for (const name of names.filter((each) => each.startsWith(prefix)).sort()) {
      const path = join(folder, name);
      const check = await checkMongod(path);
      if (check.works) return { path, source: 'cache', version: check.version };
      log.warn({ path, reason: check.reason }, 'A cached mongod is passed over');
      failures.push(`${path}: ${check.reason}`);
    }
  }
  return undefined;
}

function fail(message: string): never {
  throw new Error(message);
}
