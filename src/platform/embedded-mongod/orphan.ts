import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readMongodState, type DatabasePaths } from './database-paths.js';
import type { EmbeddedLog } from './embedded-log.js';
import { commandOf, isAlive, stillHoldsFiles } from './process-identity.js';

/** How long an orphan may take to shut down in good order, in milliseconds. */
const CLEAN_STOP_MS = 10_000;
const KILLED_MS = 10_000;
const POLL_MS = 10;

/**
 * Ends the mongod that a killed server left behind on this data directory, so that the next one starts on a closed
 * database. Call it only while holding the directory's lock.
 *
 * An orphan is known by its arguments (our data path), never by its number alone: numbers are given again.
 * @throws when it cannot be ended
 */
export async function endOrphan(paths: DatabasePaths, log: EmbeddedLog): Promise<void> {
  const pid = await findOrphan(paths);
  if (pid === undefined) {
    return;
  }
  log.warn(
    { pid, dataDir: paths.dataDir },
    'A mongod of an earlier server still runs here; it is stopped first',
  );
  // A frozen process takes SIGTERM only once it goes on.
  signal(pid, 'SIGCONT');
  signal(pid, 'SIGTERM');
  if (await endsWithin(pid, CLEAN_STOP_MS)) {
    return;
  }
  log.warn({ pid, dataDir: paths.dataDir }, 'The mongod of an earlier server does not stop; it is killed');
  signal(pid, 'SIGKILL');
  if (!(await endsWithin(pid, KILLED_MS))) {
    throw new Error(
      `A mongod of an earlier server (process ${pid}) holds ${paths.db} and cannot be stopped; stop it by hand.`,
    );
  }
}

/** The process id of a mongod that works on this data directory, if one does. */
export async function findOrphan(paths: DatabasePaths): Promise<number | undefined> {
  const candidates = [(await readMongodState(paths.state))?.pid, await pidInMongodLock(paths)];
  for (const pid of new Set(candidates)) {
    if (pid !== undefined && (await isMongodOf(pid, paths))) {
      return pid;
    }
  }
  return undefined;
}

/** mongod writes its pid there and empties the file at a clean stop; it covers a server killed before it wrote its own note. */
async function pidInMongodLock(paths: DatabasePaths): Promise<number | undefined> {
  const text = await readFile(join(paths.db, 'mongod.lock'), 'utf8').catch(() => '');
  const pid = Number(text.trim());
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

async function isMongodOf(pid: number, paths: DatabasePaths): Promise<boolean> {
  if (!(await isAlive({ pid }))) {
    return false;
  }
  const [program = '', ...words] = await commandOf(pid);
  return basename(program).startsWith('mongod') && words[words.indexOf('--dbpath') + 1] === paths.db;
}

async function endsWithin(pid: number, limitMs: number): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  while (await stillHoldsFiles(pid)) {
    if (Date.now() > deadline) {
      return false;
    }
    await delay(POLL_MS);
  }
  return true;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has just ended, or is not ours to signal: the wait that follows tells.
  }
}
