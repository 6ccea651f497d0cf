import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, ownIdentity, type ProcessIdentity } from './process-identity.js';

/** Old generations that stay, so that a process with an old listing collides instead of starting a second line. */
const KEPT_GENERATIONS = 16;
const ATTEMPTS = 100;
/** A holder that was killed a moment ago is still being torn down, and looks alive. */
const GRACE_MS = 300;
const GRACE_POLL_MS = 20;

interface Generation extends ProcessIdentity {
  /** RFC 3339, when the lock was taken. */
  since: string;
  released?: boolean;
}

/** Another live process works in this data directory. */
export class DataDirInUseError extends Error {
  constructor(
    readonly dataDir: string,
    readonly pid: number,
    readonly since: string,
  ) {
    super(
      `The data directory ${dataDir} is in use by another Pladmed server (process ${pid}, since ${since}). ` +
        'Stop that server, or give this one a directory of its own with DATA_DIR.',
    );
    this.name = 'DataDirInUseError';
  }
}

/**
 * Makes this process the only one that works in `dataDir` (created when missing).
 *
 * Node has no flock, so the lock is a line of numbered files in DATA_DIR/lock, and the highest number decides who
 * holds it. To take the lock is to create the next number with its content complete (link(2): one winner) when the
 * holder of the highest has released it or no longer lives (pid and start time). Nobody ever removes the highest
 * number, so the classic race, in which a slow process removes a lock that is no longer the stale one it read,
 * cannot happen; and a `kill -9` leaves nothing that the next start has to wait for.
 *
 * @throws DataDirInUseError when another live process (or this one) holds it
 */
export async function lockDataDir(dataDir: string): Promise<{ release(): Promise<void> }> {
  const folder = join(dataDir, 'lock');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const self: Generation = { ...(await ownIdentity()), since: new Date().toISOString() };
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const highest = await highestGeneration(folder);
    await refuseWhenHeld(dataDir, folder, highest);
    if (await takeGeneration(folder, highest + 1, self)) {
      return { release: releaseOnce(folder, highest + 1, self) };
    }
  }
  throw new Error(
    `The lock in ${folder} changed hands ${ATTEMPTS} times while this process tried to take it; try again.`,
  );
}

async function refuseWhenHeld(dataDir: string, folder: string, generation: number): Promise<void> {
  const deadline = performance.now() + GRACE_MS;
  for (;;) {
    const holder = await readGeneration(folder, generation);
    if (holder === undefined || holder.released === true || !(await isAlive(holder))) {
      return;
    }
    if (performance.now() > deadline) {
      throw new DataDirInUseError(dataDir, holder.pid, holder.since);
    }
    await delay(GRACE_POLL_MS);
  }
}

async function takeGeneration(folder: string, generation: number, self: Generation): Promise<boolean> {
  const draft = join(folder, `draft-${randomUUID()}`);
  await writeFile(draft, JSON.stringify(self), { flag: 'wx', mode: 0o600 });
  try {
    await link(draft, pathOf(folder, generation));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      return false;
    }
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
  // The listing was so old that this number had been used and tidied away: the lock is of a later generation.
  if ((await highestGeneration(folder)) !== generation) {
    await rm(pathOf(folder, generation), { force: true });
    return false;
  }
  await tidy(folder, generation);
  return true;
}

function releaseOnce(folder: string, generation: number, self: Generation): () => Promise<void> {
  let released: Promise<void> | undefined;
  const release = async (): Promise<void> => {
    const draft = join(folder, `draft-${randomUUID()}`);
    await writeFile(draft, JSON.stringify({ ...self, released: true }), { flag: 'wx', mode: 0o600 });
    await rename(draft, pathOf(folder, generation));
  };
  return () => (released ??= release());
}

/** Removes old generations; only the holder does this, and never near the highest. */
async function tidy(folder: string, generation: number): Promise<void> {
  const old = (await generations(folder)).filter((number) => number <= generation - KEPT_GENERATIONS);
  await Promise.all(old.map((number) => rm(pathOf(folder, number), { force: true })));
}

async function readGeneration(folder: string, generation: number): Promise<Generation | undefined> {
  const text = await readFile(pathOf(folder, generation), 'utf8').catch(() => undefined);
  if (text === undefined) {
    return undefined;
  }
  try {
    return JSON.parse(text) as Generation;
  } catch {
    // Never written by us in part (link and rename publish whole files): a power cut before the data reached the disk.
    return undefined;
  }
}

async function highestGeneration(folder: string): Promise<number> {
  return Math.max(0, ...(await generations(folder)));
}

async function generations(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names.flatMap((name) => {
    const match = /^holder-(\d+)\.json$/.exec(name);
    return match === null ? [] : [Number(match[1])];
  });
}

function pathOf(folder: string, generation: number): string {
  return join(folder, `holder-${generation}.json`);
}
