import { type Amounts, type HoldEntity, METERED_BOUNDS } from './hold.schema.js';

/** By how much some meters change, each the same. */
export interface MeterChange {
  meters: readonly string[];
  holds: number;
  amounts: Amounts;
}

/** What some holds add. */
export function additionOf(holds: readonly HoldEntity[]): MeterChange[] {
  return together(holds.map(({ meters, amounts }) => ({ meters, holds: 1, amounts })));
}

/** What changes when some holds become others of the same ids, or (without amounts) nothing. */
export function differenceOf(before: readonly HoldEntity[], after: readonly HoldEntity[]): MeterChange[] {
  const kept = new Map(after.map((hold) => [hold._id, hold.amounts]));
  return together(
    before.map(({ _id, meters, amounts }) => {
      const left = kept.get(_id) ?? {};
      const holds = Object.keys(left).length === 0 ? -1 : 0;
      return { meters, holds, amounts: added(left, amounts, -1) };
    }),
  );
}

/** One change for each list of meters: the three holds of a user are one write. */
function together(changes: readonly MeterChange[]): MeterChange[] {
  const sums = new Map<string, MeterChange>();
  for (const change of changes) {
    const key = change.meters.join(' ');
    const sum = sums.get(key);
    if (sum === undefined) sums.set(key, change);
    else
      sums.set(key, {
        meters: sum.meters,
        holds: sum.holds + change.holds,
        amounts: added(sum.amounts, change.amounts),
      });
  }
  return [...sums.values()];
}

/** @returns both together */
export function added(sum: Amounts, more: Amounts, sign: 1 | -1 = 1): Amounts {
  const result = { ...sum };
  for (const bound of METERED_BOUNDS) {
    const amount = more[bound];
    if (amount !== undefined) result[bound] = (result[bound] ?? 0) + sign * amount;
  }
  return result;
}
