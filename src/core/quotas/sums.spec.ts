import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ObjectId } from '../../platform/database/object-id.js';
import { type HoldEntity } from './hold.schema.js';
import { additionOf, differenceOf, type MeterChange } from './sums.js';

const operation = new ObjectId();

const amounts = fc.oneof(
  fc.constant({}),
  fc.record({ user_results: fc.nat(100) }),
  fc.record({ target_probes: fc.nat(100), target_packets: fc.nat(100) }),
);
const changes = fc.array(
  fc.record({ meters: fc.subarray(['a', 'b', 'c'], { minLength: 1 }), before: amounts, after: amounts }),
  { maxLength: 30 },
);

function hold(n: number, meters: string[], of: HoldEntity['amounts']): HoldEntity {
  return { _id: String(n), meters, operation, amounts: of, until: new Date() };
}

const BOUNDS = ['user_results', 'target_probes', 'target_packets'] as const;

/** What one meter has after some changes: its holds, and each bound. */
function shownBy(meter: string, ...all: MeterChange[][]): number[] {
  const own = all.flat().filter(({ meters }) => meters.includes(meter));
  const sum = (of: (change: MeterChange) => number) => own.reduce((total, change) => total + of(change), 0);
  return [sum(({ holds }) => holds), ...BOUNDS.map((bound) => sum((change) => change.amounts[bound] ?? 0))];
}

describe('sums of meters', () => {
  it('a meter that follows every change has the sum of what is left', () => {
    fc.assert(
      fc.property(changes, (all) => {
        const kept = all.filter(({ before }) => Object.keys(before).length > 0);
        const before = kept.map((change, n) => hold(n, change.meters, change.before));
        const after = kept.map((change, n) => hold(n, change.meters, change.after));
        for (const meter of ['a', 'b', 'c']) {
          const left = after.filter(
            ({ meters, amounts: of }) => meters.includes(meter) && Object.keys(of).length > 0,
          );
          const expected = [
            left.length,
            ...BOUNDS.map((bound) => left.reduce((sum, { amounts: of }) => sum + (of[bound] ?? 0), 0)),
          ];
          expect(shownBy(meter, additionOf(before), differenceOf(before, after))).toEqual(expected);
        }
      }),
    );
  });

  it('what changes the same meters is one change', () => {
    const holds = [
      hold(0, ['a'], { user_results: 1 }),
      hold(1, ['a'], { user_running: 1 }),
      hold(2, ['a', 'b'], {}),
    ];
    expect(additionOf(holds)).toEqual([
      { meters: ['a'], holds: 2, amounts: { user_results: 1, user_running: 1 } },
      { meters: ['a', 'b'], holds: 1, amounts: {} },
    ]);
  });
});
