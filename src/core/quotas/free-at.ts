import { type HoldEntity, type MeteredBound } from './hold.schema.js';

/**
 * When so much of a quota is free again that `missing` more can be taken: at that moment it can, and not a millisecond before.
 * @param ending what is not over yet, in the order in which it will be; read as far as it is needed
 * @returns undefined when it never is: more is missing than is used
 */
export async function freeAt(
  ending: AsyncIterable<Pick<HoldEntity, 'amounts' | 'until'>>,
  bound: MeteredBound,
  missing: number,
): Promise<Date | undefined> {
  let left = missing;
  for await (const { amounts, until } of ending) {
    left -= amounts[bound] ?? 0;
    if (left <= 0) return until;
  }
  return undefined;
}
