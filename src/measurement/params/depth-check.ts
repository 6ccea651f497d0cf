import type { Violation } from './invalid-params.error.js';

/** How deep an object that a caller sends may be nested; the object itself is 1. */
export const MAX_DEPTH = 8;

/** Members that one object in it may have. */
export const MAX_KEYS = 64;

/** Names that have a meaning to JavaScript (`__proto__`) or to the BSON serialiser (`_bsontype`). */
const RESERVED = new Set(['__proto__', '_bsontype']);

/** An object as JSON makes it: no array, no null, no instance of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Bounds on what is stored as it came: depth, members, and names that a database could not keep. */
export function checkBounds(value: unknown, where: string): Violation | undefined {
  const message = complaint(value, 1);
  return message === undefined ? undefined : { field: where, message };
}

function complaint(value: unknown, depth: number): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > MAX_DEPTH) return `must be nested at most ${MAX_DEPTH} deep`;
  if (!Array.isArray(value)) {
    const keys = Object.keys(value);
    if (keys.length > MAX_KEYS) return `must have at most ${MAX_KEYS} members in each object`;
    // BSON ends a name at the first zero byte.
    const reserved = keys.some((key) => RESERVED.has(key) || key.includes('\0'));
    if (reserved)
      return 'must not have a member named __proto__ or _bsontype, or with a zero byte in its name';
  }
  for (const inner of Object.values(value)) {
    const found = complaint(inner, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
