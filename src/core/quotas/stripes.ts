import { targetOfMeter } from './operation-load.js';

/** So many transactions that strike different targets may run at a time in one server. */
const STRIPES = 64;

/**
 * What transactions that change these meters name to be done one after the other: meters of targets, in a fixed number of groups, since one
 * operation may have a thousand. Those of users need no word: their account is named anyway.
 */
export function stripesOf(meters: readonly string[]): string[] {
  const targets = meters.filter((meter) => targetOfMeter(meter) !== undefined);
  // they come before all accounts in the order in which locks are taken: nobody keeps an account while waiting for a target
  return [...new Set(targets.map((meter) => `#target-${hashOf(meter) % STRIPES}`))];
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let n = 0; n < text.length; n += 1) hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193) >>> 0;
  return hash;
}
