import { createHash } from 'node:crypto';
import { type Schedule } from './schedule.js';

/** The first 32 bits of a hash, as a number below one. */
const RANGE = 2 ** 32;

/**
 * How much later than its schedule says a native probe does each run, so that ten thousand probes do not strike a target in
 * the same second: from 0 to `spread_s` (excluded), and always the same for one probe (docs/protocol.md, "Spread").
 * @returns whole milliseconds; 0 without a spread
 */
export function spreadOffsetMs({ spread_s = 0 }: Schedule, probe: { toHexString(): string }): number {
  if (spread_s === 0) return 0;
  const share = createHash('sha256').update(probe.toHexString()).digest().readUInt32BE(0) / RANGE;
  return Math.floor(share * spread_s * 1_000);
}
