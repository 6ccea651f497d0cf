import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ObjectId } from '../../../common/database/object-id.js';
import { type HoldEntity } from './hold.schema.js';
import { differenceByMeter, sumByMeter } from './sums.js';

const operation = new ObjectId();

const amounts = fc.oneof(
  fc.constant({}),
  fc.record({ user_results: fc.nat(100) }),
  fc.record({ target_probes: fc.nat(100), target_packets: fc.nat(100) }),
);
const changes = fc.array(
  fc.record({ meter: fc.constantFrom('a', 'b', 'c'), before: amounts, after: amounts }),
  { maxLength: 30 },
);

function hold(n: number, meter: string, of: HoldEntity['amounts']): HoldEntity {
  return { _id: String(n), meter, operation, amounts: of, until: new Date() };
}

describe('sums by meter', () => {
  it('a meter that follows every change has the sum of what is left', () => {
    fc.assert(
      fc.property(changes, (all) => {
        const kept = all.filter(({ before }) => Object.keys(before).length > 0);
        const before = kept.map((change, n) => hold(n, change.meter, change.before));
        const after = kept.map((change, n) => hold(n, change.meter, change.after));
        const left = after.filter((each) => Object.keys(each.amounts).length > 0);
        for (const meter of ['a', 'b', 'c']) {
          const was = sumByMeter(before).find((sum) => sum.meter === meter);
          const difference = differenceByMeter(before, after).find((sum) => sum.meter === meter);
          const is = sumByMeter(left).find((sum) => sum.meter === meter);
          expect((was?.holds ?? 0) + (difference?.holds ?? 0)).toBe(is?.holds ?? 0);
          for (const bound of ['user_results', 'target_probes', 'target_packets'] as const) {
            expect((was?.amounts[bound] ?? 0) + (difference?.amounts[bound] ?? 0)).toBe(
              is?.amounts[bound] ?? 0,
            );
          }
        }
      }),
    );
  });
});
