import { type ClockEstimate } from './probe.schema.js';

const TRUSTED_MS = 1000;

/** @returns whether the clock was known, and surely within a second of the true time */
export function isTrusted({ offset_ms, error_ms }: ClockEstimate): boolean {
  return offset_ms !== null && error_ms !== null && Math.abs(offset_ms) + error_ms <= TRUSTED_MS;
}
