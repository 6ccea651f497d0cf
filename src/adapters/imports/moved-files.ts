import { type Stats } from 'node:fs';
import { link, lstat, rm, unlink } from 'node:fs/promises';
import { isMissing } from '../../platform/errors/file-errors.js';
import { isSame } from './file-stats.js';

/** A file that was moved is looked at for so long, and so often. */
const LOOKED_AT_MS = 60_000;
const EVERY_MS = 5_000;

interface MovedFile {
  from: string;
  to: string;
  stats: Stats;
  /** beside it, where it has failed */
  reasonPath?: string | undefined;
}

/** Puts back what is still written to after it was moved: its writer had only paused. */
export class MovedFiles {
  private files: (MovedFile & { until: number })[] = [];
  private lookedAt = 0;

  add(file: MovedFile, now = performance.now()): void {
    this.files.push({ ...file, until: now + LOOKED_AT_MS });
  }

  async look(now = performance.now()): Promise<void> {
    if (now - this.lookedAt < EVERY_MS) return;
    this.lookedAt = now;
    const files = this.files;
    this.files = [];
    for (const file of files) if (!(await isPutBack(file)) && file.until > now) this.files.push(file);
  }
}

/** @returns whether it is gone from where it was moved */
async function isPutBack({ from, to, stats, reasonPath }: MovedFile): Promise<boolean> {
  try {
    if (isSame(await lstat(to), stats)) return false;
    // fails where another file has its name now: then this one stays where it is
    await link(to, from);
    await unlink(to);
    if (reasonPath !== undefined) await rm(reasonPath, { force: true });
    return true;
  } catch (error) {
    return isMissing(error);
  }
}
