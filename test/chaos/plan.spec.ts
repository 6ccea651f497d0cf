import { describe, expect, it } from '@jest/globals';
import { describeFault, planFaults } from './plan.js';
import { Random } from './random.js';
import { planWork } from './work.js';

const KINDS = 13;

function faults(seed: number, count: number): string[] {
  const plan = planFaults(new Random(seed));
  return Array.from({ length: count }, () => {
    const { afterMs, whenWell, fault } = plan.next().value;
    return `${afterMs} ${String(whenWell)} ${describeFault(fault)}`;
  });
}

describe('what is planned', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(faults(1, 300)).toEqual(faults(1, 300));
    expect(faults(1, 300)).not.toEqual(faults(2, 300));
    const work = (seed: number) => planWork(new Random(seed), 60, 8);
    expect(work(1)).toEqual(work(1));
    expect(work(1)).not.toEqual(work(2));
  });

  it('leaves no kind of fault out', () => {
    for (const seed of [1, 2, 3]) {
      const plan = planFaults(new Random(seed));
      const kinds = new Set(Array.from({ length: 31 }, () => plan.next().value.fault.kind));
      expect(kinds.size).toBe(KINDS);
    }
  });

  it('begins work before the first fault', () => {
    expect(planWork(new Random(5), 30, 8).filter(({ at }) => at === 0).length).toBeGreaterThan(3);
  });
});
