import { open, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isNoRoom } from '../platform/errors.js';
import type { UsageShown } from '../limits/usage.js';
import type { StatusReport } from '../protocol/protocol.js';

const FILE = 'status.json';
/** A running probe writes its status that often. */
export const STATUS_FILE_EVERY_MS = 5_000;

export interface Problem {
  at: string;
  message: string;
}

/** What the running probe says of itself, for the command `status`. */
export interface ProbeStatus extends StatusReport {
  written_at: string;
  pid: number;
  server: string;
  /** Its version, as it said when the probe began; null while it has said none. */
  scamper: string | null;
  connected: boolean;
  operations: number;
  waiting: number;
  delivered: number;
  refused: number;
  failed_to_report: number;
  /** What is wrong with the time server. */
  clock_warning: string | null;
  /** What keeps the probe from measuring. */
  held_by: string | null;
  limits: { concurrent_runs: number; packets_per_second: number } & UsageShown;
  next_runs: { operation_id: string; at: string }[];
  problems: Problem[];
}

/** What a status takes up at the most, nearly always: the file has room for it before the disk is full. */
const FILE_BYTES = 16 * 1024;
const READ_AGAIN_MS = 50;

/** @throws the error of the file system */
export async function writeStatus(folder: string, status: ProbeStatus): Promise<void> {
  const path = join(folder, FILE);
  const text = Buffer.from(JSON.stringify(status));
  const padded = Buffer.concat([text, Buffer.alloc(Math.max(0, FILE_BYTES - text.length), ' ')]);
  try {
    await writeFile(`${path}.new`, padded, { mode: 0o600 });
    await rename(`${path}.new`, path);
  } catch (error) {
    await unlink(`${path}.new`).catch(() => undefined);
    if (!isNoRoom(error)) throw error;
    // A full disk is what a person would look for: it is written over what is there.
    await overwrite(path, padded);
  }
}

async function overwrite(path: string, content: Buffer): Promise<void> {
  const file = await open(path, 'r+');
  try {
    if ((await file.stat()).size >= content.length) await file.write(content, 0, content.length, 0);
  } finally {
    await file.close();
  }
}

/** @returns null when no probe has run there */
export async function readStatus(folder: string): Promise<ProbeStatus | null> {
  for (let times = 0; times < 5; times++) {
    const text = await readFile(join(folder, FILE), 'utf8').catch(() => null);
    if (text === null) return null;
    try {
      return JSON.parse(text) as ProbeStatus;
    } catch {
      // It was being written over.
      await sleep(READ_AGAIN_MS);
    }
  }
  return null;
}
