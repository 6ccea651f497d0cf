import { type Destination } from '@pladmed/protocol';
import { type ResultFormat } from '../kinds/result-formats.js';

/** Whose fault it is that a test has failed. */
export type FailureSource = 'target' | 'resolver' | 'internal';

/** What a test brought, in the form of Globalping's API; which members it has beside these its type says. */
export interface TestResult {
  status: 'in-progress' | 'finished' | 'failed' | 'offline';
  rawOutput: string;
  failureSource?: FailureSource;
  [member: string]: unknown;
}

/** A run as it is stored, as far as it is shown. */
export interface RunResult {
  outcome: 'stored' | 'failed';
  failure?: { reason: string; detail: string } | undefined;
  format?: ResultFormat | undefined;
  raw?: Buffer | undefined;
  decode_error?: string | undefined;
  /** what native probes made of the name */
  destinations?: readonly Destination[] | undefined;
  /** of the measurement */
  type: string;
  target: string;
}

export function failed(rawOutput: string, failureSource: FailureSource, more: object = {}): TestResult {
  return { status: 'failed', failureSource, rawOutput, ...more };
}

/** @returns milliseconds with three decimals at the most */
export function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** A time in milliseconds as ping(8) writes it. */
export function msText(ms: number): string {
  if (ms >= 100) return ms.toFixed(0);
  if (ms >= 10) return ms.toFixed(1);
  return ms >= 1 ? ms.toFixed(2) : ms.toFixed(3);
}
