import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type AssignmentEntity } from './assignment.schema.js';
import { type OperationEntity } from './operation.schema.js';
import { runsBegun, unusedCredits } from './refund.js';
import { type Schedule } from '../../measurement/schedule/schedule.js';
import { runsOf } from '../../measurement/schedule/run-numbers.js';

const START = Date.UTC(2030, 0, 1);
const minute = (n: number) => new Date(START + n * 60_000);
const schedule: Schedule = { type: 'interval', every_s: 60, start: minute(0), stop: minute(10) };

function unused(assignment: Partial<AssignmentEntity>, now: Date, of: Schedule = schedule): number {
  const due = runsOf(of);
  const full = { state: 'delivered', due, received: 0, failed: 0, ...assignment } as AssignmentEntity;
  return unusedCredits({ schedule: of, cost_per_run: 15 } as OperationEntity, full, now);
}

describe('unusedCredits', () => {
  it('pays back all before the beginning, and nothing after the end', () => {
    expect(unused({}, minute(-1))).toBe(150);
    expect(unused({}, minute(0))).toBe(150);
    expect(unused({}, minute(10))).toBe(0);
  });

  it('keeps what was due, also where nothing came', () => {
    expect(unused({}, new Date(START + 1))).toBe(9 * 15);
    expect(unused({}, minute(3.5))).toBe(6 * 15);
  });

  it('keeps what came early', () => {
    expect(unused({ received: 5, failed: 1 }, minute(1.5))).toBe(4 * 15);
    expect(unused({ received: 50 }, minute(1.5))).toBe(0);
  });

  it('pays back all of a probe that never got it, nothing of a classic one that did', () => {
    expect(unused({ state: 'pending' }, minute(9.5))).toBe(150);
    expect(unused({ delivered_over: 'classic' }, minute(0))).toBe(0);
  });

  it('never pays back more than was paid, nor less as time goes back', () => {
    const when = fc.integer({ min: -60, max: 700 });
    fc.assert(
      fc.property(when, when, fc.nat(12), (a, b, received) => {
        const [early, late] = [Math.min(a, b), Math.max(a, b)].map((second) =>
          unused({ received }, new Date(START + second * 1000)),
        );
        expect(early).toBeLessThanOrEqual(150);
        expect(late).toBeGreaterThanOrEqual(0);
        expect(early).toBeGreaterThanOrEqual(late ?? 0);
      }),
    );
  });
});

describe('runsBegun', () => {
  it('counts a single run once its time has come', () => {
    const once: Schedule = { type: 'once', at: minute(5) };
    expect([4, 5, 6].map((n) => runsBegun(once, minute(n)))).toEqual([0, 0, 1]);
  });

  it('counts a cron minute that has begun whole', () => {
    const cron: Schedule = {
      type: 'cron',
      cron: '* * * * *',
      times_per_minute: 4,
      start: minute(0),
      stop: minute(10),
    };
    // the first cron minute is the one after `start`
    expect([minute(1), minute(1.01), minute(2)].map((now) => runsBegun(cron, now))).toEqual([0, 4, 4]);
    expect(runsBegun(cron, minute(10))).toBe(runsOf(cron));
  });
});
