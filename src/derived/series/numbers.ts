/** @returns what a value adds to a count: a whole number above 0, 1 for true, 0 for all else */
export function countIn(value: unknown): number {
  if (value === true) return 1;
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0;
}

/** @returns a share to a millionth; null: of nothing */
export function shareOf(part: number, all: number): number | null {
  return all === 0 ? null : Math.round((part / all) * 1e6) / 1e6;
}
