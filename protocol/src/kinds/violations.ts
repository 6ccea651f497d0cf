import type { z } from 'zod';

/** One thing that is wrong with what a caller sent. */
export interface Violation {
  /** Where: `params.maxttl`, `params.fqdns`, `schedule.stop`. */
  field: string;
  /** What would be right, after the name of the field: `must be an integer from 1 to 255`. */
  message: string;
  /** Where `field` is a list: its wrong items, counted from 0. */
  positions?: readonly number[];
}

/** Positions that a complaint about a list names, at most. */
const MAX_POSITIONS_NAMED = 5;

/**
 * Says what is wrong with an object, each thing once; the wrong items of a list are one thing.
 * @param where the object's own name, in front of each field: `params`
 */
export function violationsOf(error: z.ZodError, where: string): Violation[] {
  const positions = new Map<string, number[]>();
  const messages = new Map<string, Violation>();
  for (const { path, message } of error.issues) {
    const [name, position] = path;
    const field = name === undefined ? where : `${where}.${String(name)}`;
    const key = `${field} ${message}`;
    messages.set(key, { field, message });
    if (typeof position === 'number') positions.set(key, [...(positions.get(key) ?? []), position]);
  }
  return [...messages].map(([key, { field, message }]) => {
    const wrong = positions.get(key);
    if (wrong === undefined) return { field, message };
    return { field, message: message + namedPositions(wrong), positions: wrong };
  });
}

function namedPositions(positions: readonly number[]): string {
  const more = positions.length > MAX_POSITIONS_NAMED ? ' and more' : '';
  const named = positions.slice(0, MAX_POSITIONS_NAMED).join(', ');
  return ` (wrong at position ${named}${more}, counted from 0)`;
}
