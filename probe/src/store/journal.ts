import { copyFile, type FileHandle, open, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { errorCode, isNoRoom } from '../platform/errors.js';
import { syncFolder, writeDurably } from './durable.js';

const FILE = 'journal';
const MOST_DAMAGED = 3;

interface Waiting {
  text: string;
  done: () => void;
  failed: (error: unknown) => void;
}

/**
 * An append-only file of records, one a line with its checksum. What waits is written and synced together, so that many
 * runs at one moment cost one sync. After a failed write (a full disk) the file is written anew before anything is appended.
 */
export class Journal<T> {
  private waiting: Waiting[] = [];
  private flushing: Promise<void> | null = null;
  private handle: FileHandle | null = null;
  private lines = 0;
  private linesAtRewrite = 0;
  private broken = false;

  /**
   * @param folder where the file stands
   * @param snapshot gives the records that stand for everything appended so far
   */
  constructor(
    private readonly folder: string,
    private readonly snapshot: () => T[],
  ) {}

  /** False after a write failed, until one succeeds. */
  get healthy(): boolean {
    return !this.broken;
  }

  /**
   * Reads the records of an earlier life. A damaged line is left out; a copy of such a file is set aside.
   * @returns the records, and how many lines could not be read (a last line cut short by a crash does not count)
   */
  static async read(folder: string): Promise<{ records: unknown[]; damaged: number }> {
    const path = join(folder, FILE);
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return '';
      throw error;
    });
    const lines = text.split('\n');
    const cut = lines.pop();
    const records: unknown[] = [];
    let damaged = 0;
    for (const line of lines) {
      const record = parseLine(line);
      if (record === null) damaged++;
      else records.push(record);
    }
    if (cut !== undefined && cut !== '') {
      const record = parseLine(cut);
      if (record !== null) records.push(record);
    }
    if (damaged > 0) await setAside(folder, path);
    return { records, damaged };
  }

  /** Resolves when the records are on disk. @throws the error of the file system; the records are then not durable */
  append(records: readonly T[]): Promise<void> {
    return new Promise((done, failed) => {
      this.waiting.push({ text: records.map(formatLine).join(''), done, failed });
      this.lines += records.length;
      this.flushing ??= this.flush();
    });
  }

  /** Writes the snapshot in place of the file; on a full disk that stays as it is until there is room, and everything in memory. */
  async start(): Promise<void> {
    await this.rewrite().catch((error: unknown) => {
      if (!isNoRoom(error)) throw error;
      this.broken = true;
    });
  }

  private async rewrite(): Promise<void> {
    const records = this.snapshot();
    await this.handle?.close();
    this.handle = null;
    const path = join(this.folder, FILE);
    await writeDurably(path, `${path}.new`, [Buffer.from(records.map(formatLine).join(''))]);
    this.handle = await open(path, 'a', 0o600);
    this.lines = records.length;
    this.linesAtRewrite = records.length;
    this.broken = false;
  }

  async close(): Promise<void> {
    await this.flushing;
    await this.handle?.close();
    this.handle = null;
    await syncFolder(this.folder);
  }

  private async flush(): Promise<void> {
    // One turn later, so that everything which is due in this turn shares the sync.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        await this.write(batch.map((each) => each.text).join(''));
        for (const each of batch) each.done();
      } catch (error) {
        this.broken = true;
        for (const each of batch) each.failed(error);
      }
    }
    this.flushing = null;
  }

  private async write(text: string): Promise<void> {
    if (this.broken || this.handle === null || this.lines > 2_000 + 4 * this.linesAtRewrite) {
      // The snapshot holds what waits: the owner changes its state before it appends.
      await this.rewrite();
      return;
    }
    await this.handle.appendFile(text);
    await this.handle.datasync();
  }
}

/** Of the damaged files the newest are kept. The file itself stays until it is written anew: a crash before that loses nothing. */
async function setAside(folder: string, path: string): Promise<void> {
  const prefix = `${FILE}.damaged-`;
  const before = (await readdir(folder)).filter((name) => name.startsWith(prefix)).sort();
  for (const name of before.slice(0, Math.max(0, before.length + 1 - MOST_DAMAGED)))
    await unlink(join(folder, name));
  const copy = join(folder, `${prefix}${Date.now()}`);
  await copyFile(path, copy).catch(async (error: unknown) => {
    await unlink(copy).catch(() => undefined);
    // A full disk has no room for it: what can be read counts more.
    if (!isNoRoom(error)) throw error;
  });
}

function formatLine(record: unknown): string {
  const text = JSON.stringify(record);
  return `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`;
}

function parseLine(line: string): unknown {
  const text = line.slice(9);
  if (line.slice(0, 8) !== crc32(text).toString(16).padStart(8, '0')) return null;
  return JSON.parse(text);
}
