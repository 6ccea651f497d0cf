import { type Violation, violationsOf } from '@pladmed/protocol';
import type { z } from 'zod';
import { brokenBound, isPlainObject } from '../../platform/limits/depth-check.js';

/** What is stored as it came may be nested so deep, and have so many members in each object. */
const MAX_DEPTH = 8;
const MAX_KEYS = 64;

/** Names that have a meaning to JavaScript (`__proto__`) or to the BSON serialiser (`_bsontype`). */
const RESERVED = new Set(['__proto__', '_bsontype']);

const BOUNDS = {
  depth: MAX_DEPTH,
  members: MAX_KEYS,
  // BSON ends a name at the first zero byte
  isName: (name: string) => !RESERVED.has(name) && !name.includes('\0'),
};
const COMPLAINTS = {
  depth: `must be nested at most ${MAX_DEPTH} deep`,
  members: `must have at most ${MAX_KEYS} members in each object`,
  isName: 'must not have a member named __proto__ or _bsontype, or with a zero byte in its name',
};

/** What is done about members that a schema does not have: they are errors, or they are left out. */
export type UnknownMembers = 'refuse' | 'ignore';

/** What became of an object that a caller sent. */
export interface CheckedObject<Known> {
  /** The members that the schema has and the caller gave, copied. Only to be used when there is no violation. */
  known: Known;
  violations: Violation[];
}

/**
 * Holds what a caller sent against a schema.
 * @param where the object's own name, in front of each field: `params`
 */
export function checkObject<Schema extends z.ZodObject>(
  schema: Schema,
  raw: unknown,
  where: string,
  unknownMembers: UnknownMembers,
): CheckedObject<z.input<Schema>> {
  const refused = (message: string) => ({
    known: {} as z.input<Schema>,
    violations: [{ field: where, message }],
  });
  if (!isPlainObject(raw)) return refused('must be an object');
  const broken = brokenBound(raw, BOUNDS);
  if (broken !== undefined) return refused(COMPLAINTS[broken]);

  const isKnown = (name: string) => Object.hasOwn(schema.shape, name);
  const names = Object.keys(raw);
  const given = Object.fromEntries(names.filter(isKnown).map((name) => [name, raw[name]]));
  const read = schema.safeParse(given);
  const violations = read.success ? [] : violationsOf(read.error, where);
  if (unknownMembers === 'refuse') {
    const strangers = names.filter((name) => !isKnown(name));
    violations.push(
      ...strangers.map((name) => ({
        field: `${where}.${shown(name)}`,
        message: 'is not known here',
        ...(!/^[\w-]{1,40}$/.test(name) && { path: [where, name] }),
      })),
    );
  }
  return { known: structuredClone(given) as z.input<Schema>, violations };
}

/** A name out of a caller's hand, short and without control characters, fit for an error message. */
function shown(name: string): string {
  return name.slice(0, 40).replace(/[^\x20-\x7e]/g, '?');
}
