import type { List, Timeval } from '../../records/types.js';
import { flagNames, printableName } from '../text.js';

/** Why a measurement failed, if the record says so. */
export function errorMessage(error: string | undefined): string {
  return error === undefined ? '' : `,"errmsg":"${printableName(error)}"`;
}

let lastMonitor: string | undefined;
let lastMonitorText = '';

/** The monitor that the record's list names: the same one in most of a file. */
export function monitor(list: List | undefined): string {
  if (list?.monitor === undefined) return '';
  if (list.monitor !== lastMonitor) {
    lastMonitor = list.monitor;
    lastMonitorText = `,"monitor":"${printableName(list.monitor)}"`;
  }
  return lastMonitorText;
}

/** Names of bits behind a key; nothing if no bit is set. */
export function namedFlags(
  key: string,
  names: readonly (string | undefined)[],
  flags: number,
  bits: number,
): string {
  return flags === 0 ? '' : `${key}[${flagNames(names, flags, bits)}]`;
}

/** Names of bits that have one, joined by `separator`; none at all if no bit is set. */
export function knownFlags(names: readonly string[], flags: number, separator = ','): string {
  return names
    .filter((_, bit) => (flags >>> bit) & 1)
    .map((name) => `"${name}"`)
    .join(separator);
}

/** A time, or a span of time, with a blank between its parts. */
export function spacedTime({ sec, usec }: Timeval): string {
  return `{"sec":${sec}, "usec":${usec}}`;
}

/** The same without. */
export function time({ sec, usec }: Timeval): string {
  return `{"sec":${sec},"usec":${usec}}`;
}

/** Microseconds as a span of time. */
export function span(us: number): Timeval {
  return { sec: Math.floor(us / 1_000_000), usec: us % 1_000_000 };
}
