import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { UsageShown } from '../limits/usage.js';
import type { StatusReport } from '../protocol.js';

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
  connected: boolean;
  operations: number;
  waiting: number;
  delivered: number;
  refused: number;
  failed_to_report: number;
  /** What keeps the probe from measuring. */
  held_by: string | null;
  limits: { concurrent_runs: number; packets_per_second: number } & UsageShown;
  next_runs: { operation_id: string; at: string }[];
  problems: Problem[];
}

export async function writeStatus(folder: string, status: ProbeStatus): Promise<void> {
  const path = join(folder, FILE);
  await writeFile(`${path}.new`, JSON.stringify(status), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** @returns null when no probe has run there */
export async function readStatus(folder: string): Promise<ProbeStatus | null> {
  const text = await readFile(join(folder, FILE), 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as ProbeStatus);
}
