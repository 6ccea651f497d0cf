import { messageOf } from '../platform/errors.js';
import { mkdir, readdir, readFile, rename, rm, stat, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder, writeDurably } from './durable.js';
import { runKey } from './run-journal.state.js';
import { decodeResult, encodeResult, type StoredResult, weightOf } from './result.file.js';

/** A file takes at least a block of the disk. */
const BLOCK = 4096;
const FILE_NAME = /^([0-9a-f]{24})-(\d{1,16})\.result$/i;
/** Measuring stops when the disk has less than this free (or a twentieth of a small disk). */
const RESERVE_BYTES = 16 * 1024 * 1024;

/** Damaged files that are kept for a person to look at: the newest of them. */
const MOST_ASIDE = 100;
const MOST_ASIDE_BYTES = 16 * 1024 * 1024;

/** A folder for files that need not survive, in a probe's data. */
export function temporaryFolderIn(dataDir: string): string {
  return join(dataDir, 'tmp');
}

export interface StoredEntry {
  id: string;
  at: number;
  bytes: number;
}

/** What the store cannot take, and why. */
export class StoreFull extends Error {
  override readonly name = 'StoreFull';
}

/**
 * The results that the server does not have yet: one file each, durable before `put` resolves, kept until `remove`. The files are
 * the truth; the list in memory is made from their names.
 */
export class ResultStore {
  private readonly entries = new Map<string, StoredEntry>();
  private used = 0;

  private constructor(
    private readonly folder: string,
    private readonly temporary: string,
    private readonly aside: string,
    private readonly limitBytes: number,
  ) {}

  /** @param limitBytes the most the results may take on disk */
  static async open(dataDir: string, limitBytes: number): Promise<ResultStore> {
    const store = new ResultStore(
      join(dataDir, 'results'),
      temporaryFolderIn(dataDir),
      join(dataDir, 'aside'),
      limitBytes,
    );
    await rm(store.temporary, { recursive: true, force: true });
    for (const each of [store.folder, store.temporary, store.aside])
      await mkdir(each, { recursive: true, mode: 0o700 });
    await store.list();
    return store;
  }

  get count(): number {
    return this.entries.size;
  }

  get bytes(): number {
    return this.used;
  }

  /** How many results are kept of each operation: of those with the most, at most `limit`. */
  byOperation(limit: number): Record<string, number> {
    const counts = new Map<string, number>();
    for (const { id } of this.entries.values()) counts.set(id, (counts.get(id) ?? 0) + 1);
    const most = [...counts].sort(([, a], [, b]) => b - a).slice(0, limit);
    return Object.fromEntries(most);
  }

  /** A folder for files that need not survive. */
  get temporaryFolder(): string {
    return this.temporary;
  }

  has(id: string, at: number): boolean {
    return this.entries.has(runKey(id, at));
  }

  /** Says why nothing more can be taken, in a sentence; null while there is room. */
  async fullness(): Promise<string | null> {
    if (this.used >= this.limitBytes) return `the store holds its limit of ${this.limitBytes} bytes`;
    const disk = await statfs(this.folder);
    const free = disk.bavail * disk.bsize;
    const reserve = Math.min(RESERVE_BYTES, (disk.blocks * disk.bsize) / 20);
    return free < reserve ? 'the disk is full' : null;
  }

  /** Makes a result durable, without offering it for delivery: `offer` does that. @throws StoreFull */
  async put(result: StoredResult): Promise<void> {
    const size = sizeOnDisk(weightOf(result));
    if (this.used + size > this.limitBytes)
      throw new StoreFull(`the store holds its limit of ${this.limitBytes} bytes`);
    const key = runKey(result.operation_id, result.at);
    try {
      await writeDurably(join(this.folder, `${key}.result`), join(this.temporary, key), encodeResult(result));
    } catch (error) {
      throw new StoreFull(`the disk does not take the result: ${messageOf(error)}`);
    }
  }

  offer(result: StoredResult): void {
    this.add({ id: result.operation_id, at: result.at, bytes: weightOf(result) });
  }

  /** The stored results, oldest first by their arrival here. */
  *oldest(): Iterable<StoredEntry> {
    yield* this.entries.values();
  }

  /** @throws DamagedResult, or the error of the file system */
  async read(entry: StoredEntry): Promise<StoredResult> {
    return decodeResult(await readFile(this.path(entry)));
  }

  async remove(entry: StoredEntry): Promise<void> {
    this.forget(entry);
    await unlink(this.path(entry)).catch(() => undefined);
  }

  /** Puts a file that cannot be delivered where a person can look at it. */
  async setAside(entry: StoredEntry): Promise<void> {
    this.forget(entry);
    await rename(this.path(entry), join(this.aside, `${runKey(entry.id, entry.at)}.result`)).catch(
      () => undefined,
    );
    await syncFolder(this.folder);
    await this.clearAside();
  }

  private async clearAside(): Promise<void> {
    const files = await Promise.all(
      (await readdir(this.aside)).map(async (name) => {
        const { size, ctimeMs } = await stat(join(this.aside, name));
        return { path: join(this.aside, name), size, ctimeMs };
      }),
    );
    files.sort((a, b) => b.ctimeMs - a.ctimeMs);
    let bytes = 0;
    for (const [index, { path, size }] of files.entries()) {
      bytes += size;
      if (index >= MOST_ASIDE || (index > 0 && bytes > MOST_ASIDE_BYTES)) await rm(path, { recursive: true });
    }
  }

  private async list(): Promise<void> {
    const found: StoredEntry[] = [];
    for (const name of await readdir(this.folder)) {
      const match = FILE_NAME.exec(name);
      if (match?.[1] === undefined) {
        await rename(join(this.folder, name), join(this.aside, name));
        continue;
      }
      const { size } = await stat(join(this.folder, name));
      found.push({ id: match[1], at: Number(match[2]), bytes: size });
    }
    found.sort((a, b) => a.at - b.at);
    for (const entry of found) this.add(entry);
  }

  private add(entry: StoredEntry): void {
    this.forget(entry);
    this.entries.set(runKey(entry.id, entry.at), entry);
    this.used += sizeOnDisk(entry.bytes);
  }

  private forget(entry: StoredEntry): void {
    if (this.entries.delete(runKey(entry.id, entry.at))) this.used -= sizeOnDisk(entry.bytes);
  }

  private path(entry: StoredEntry): string {
    return join(this.folder, `${runKey(entry.id, entry.at)}.result`);
  }
}

function sizeOnDisk(contentBytes: number): number {
  return Math.ceil((contentBytes + 512) / BLOCK) * BLOCK;
}
