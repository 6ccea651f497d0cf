/** What an object out of JSON may have. */
export interface JsonBounds {
  /** How deep it may be nested; the object itself is 1. */
  depth: number;
  /** Members that one object in it may have. */
  members: number;
  /** Objects and lists in it, itself included; any number if absent. */
  containers?: number;
  /** Says whether a member may have this name; any may if absent. */
  isName?: (name: string) => boolean;
}

/** An object as JSON makes it: no array, no null, no instance of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Holds what a caller sent against bounds. It walks by levels, not by recursion: the depth is the caller's choice, the stack is ours.
 * @returns the bound that it breaks; undefined: none
 */
export function brokenBound<Bounds extends JsonBounds>(
  value: object,
  bounds: Bounds,
): (keyof Bounds & keyof JsonBounds) | undefined {
  const { containers = Infinity } = bounds;
  let level: object[] = [value];
  let count = 1;
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > bounds.depth) return 'depth';
    const broken = level.map((item) => brokenBy(item, bounds)).find((each) => each !== undefined);
    if (broken !== undefined) return broken;
    level = level.flatMap((item) => Object.values(item).filter(isContainer));
    count += level.length;
    if (count > containers) return 'containers';
  }
  return undefined;
}

function brokenBy(item: object, { members, isName }: JsonBounds): 'members' | 'isName' | undefined {
  if (Array.isArray(item)) return undefined;
  const names = Object.keys(item);
  if (names.length > members) return 'members';
  return isName === undefined || names.every(isName) ? undefined : 'isName';
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
