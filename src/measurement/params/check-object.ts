import { getMetadataStorage, validateSync } from 'class-validator';
import { checkBounds, isPlainObject } from './depth-check.js';
import type { Violation } from './invalid-params.error.js';

/** A DTO class whose properties carry `@Param`. */
export type DtoClass = new () => object;

/** What became of an object that a caller sent. */
export interface CheckedObject {
  /** The members that the DTO knows and the caller gave, copied. Only to be used when there is no violation. */
  known: Record<string, unknown>;
  violations: Violation[];
}

/**
 * Holds what a caller sent against a DTO class.
 * @param where the object's own name, in front of each field: `params`
 * @param unknown whether members that the DTO does not have are errors, or left out
 */
export function checkObject(
  dtoClass: DtoClass,
  raw: unknown,
  where: string,
  unknown: 'refuse' | 'leave-out',
): CheckedObject {
  if (!isPlainObject(raw)) return { known: {}, violations: [{ field: where, message: 'must be an object' }] };
  const hostile = checkBounds(raw, where);
  if (hostile) return { known: {}, violations: [hostile] };

  const names = knownNames(dtoClass);
  const known: Record<string, unknown> = {};
  for (const name of names) {
    if (Object.hasOwn(raw, name)) known[name] = structuredClone(raw[name]);
  }
  const violations = violationsOf(Object.assign(new dtoClass(), known), where);
  if (unknown === 'refuse') {
    const strangers = Object.keys(raw).filter((name) => !names.has(name));
    violations.push(
      ...strangers.map((name) => ({ field: `${where}.${shown(name)}`, message: 'is not known here' })),
    );
  }
  return { known, violations };
}

function violationsOf(dto: object, where: string): Violation[] {
  return validateSync(dto).flatMap(({ property, constraints = {} }) =>
    Object.values(constraints).map((message) => ({ field: `${where}.${property}`, message })),
  );
}

function knownNames(dtoClass: DtoClass): Set<string> {
  // '' : no schema name; the flags are those of class-validator's "always" and "strict groups".
  const metadata = getMetadataStorage().getTargetValidationMetadatas(dtoClass, '', false, false);
  return new Set(metadata.map(({ propertyName }) => propertyName));
}

/** A name out of a caller's hand, short and without control characters, fit for an error message. */
function shown(name: string): string {
  return name.slice(0, 40).replace(/[^\x20-\x7e]/g, '?');
}
