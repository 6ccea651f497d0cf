import { type Stats } from 'node:fs';

/** Whether nothing was written between two looks. */
export function isSame(one: Stats, other: Stats): boolean {
  return one.ino === other.ino && one.size === other.size && one.mtimeMs === other.mtimeMs;
}
