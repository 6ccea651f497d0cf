/** An answer is under way for some time, and its Date has whole seconds: a difference below this is none. */
const LEAST_MS = 5_000;

let offset = 0;

/** Learns from the `Date` of an answer how far the browser's clock is off. */
export function hearTime(date: string | null): void {
  const difference = date === null ? NaN : Date.parse(date) - Date.now();
  if (!Number.isNaN(difference)) offset = Math.abs(difference) < LEAST_MS ? 0 : difference;
}

/** @returns the time by the server's clock, which times in the API are of, in milliseconds since 1970 */
export const serverNow = (): number => Date.now() + offset;
