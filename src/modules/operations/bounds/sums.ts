import { type Amounts, type HoldEntity, METERED_BOUNDS } from './hold.schema.js';
import { type MeterChange } from './meters.repository.js';

/** What some holds add to each meter. */
export function sumByMeter(holds: readonly HoldEntity[]): MeterChange[] {
  const sums = new Map<string, MeterChange>();
  for (const { meter, amounts } of holds) {
    const sum = sums.get(meter) ?? { meter, holds: 0, amounts: {} };
    sum.holds += 1;
    sum.amounts = added(sum.amounts, amounts);
    sums.set(meter, sum);
  }
  return [...sums.values()];
}

/** What each meter changes by when some holds become others, or (without amounts) nothing. */
export function differenceByMeter(
  before: readonly HoldEntity[],
  after: readonly HoldEntity[],
): MeterChange[] {
  const kept = new Map(after.map((hold) => [hold._id, hold]));
  const changes = new Map<string, MeterChange>();
  for (const { _id, meter, amounts } of before) {
    const left = kept.get(_id)?.amounts ?? {};
    const change = changes.get(meter) ?? { meter, holds: 0, amounts: {} };
    if (Object.keys(left).length === 0) change.holds -= 1;
    change.amounts = added(added(change.amounts, left), amounts, -1);
    changes.set(meter, change);
  }
  return [...changes.values()];
}

function added(sum: Amounts, more: Amounts, sign: 1 | -1 = 1): Amounts {
  const result = { ...sum };
  for (const bound of METERED_BOUNDS) {
    const amount = more[bound];
    if (amount !== undefined) result[bound] = (result[bound] ?? 0) + sign * amount;
  }
  return result;
}
