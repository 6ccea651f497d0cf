import type { Violation } from '@pladmed/protocol';
import { InvalidParamsError } from './invalid-params.error.js';

/** What was read out of a request, or all that is wrong with it: data, so that a later check can tell of more at once. */
export type Reading<T> = { readonly value: T } | { readonly violations: readonly Violation[] };

/** Keeps what `read` finds wrong. @param read throws InvalidParamsError */
export function readingOf<T>(read: () => T): Reading<T> {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof InvalidParamsError) return { violations: error.violations };
    throw error;
  }
}

/** @throws InvalidParamsError with all that was found wrong */
export function valueOf<T>(reading: Reading<T>): T {
  if ('value' in reading) return reading.value;
  throw new InvalidParamsError([...reading.violations]);
}
