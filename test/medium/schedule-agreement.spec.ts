import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { occurrences } from '../../probe/src/scheduler/schedule.js';
import { parseCron } from '../../src/modules/operations/schedule/cron-expression.js';
import { numberRuns } from '../../src/modules/operations/schedule/run-numbers.js';
import { type Schedule, toProbeSchedule } from '../../src/modules/operations/schedule/schedule.js';

const field = (from: number, to: number) => {
  const value = fc.integer({ min: from, max: to });
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant('*') },
    value.map(String),
    fc.tuple(value, value).map((pair) => `${Math.min(...pair)}-${Math.max(...pair)}`),
    fc.integer({ min: 2, max: 9 }).map((step) => `*/${step}`),
    fc.tuple(value, value).map((pair) => [...new Set(pair)].join(',')),
  );
};
const cron = fc
  .tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6))
  .map((fields) => fields.join(' '))
  .filter((text) => parseCron(text) !== undefined);

const schedules = fc
  .tuple(fc.integer({ min: 1.7e12, max: 1.9e12 }), fc.integer({ min: 1, max: 3 * 86_400_000 }))
  .chain(([from, length]) => {
    const window = { start: new Date(from), stop: new Date(from + length) };
    return fc.oneof<fc.Arbitrary<Schedule>[]>(
      fc.constant({ type: 'once', at: window.start }),
      fc.integer({ min: 60, max: 86_400 }).map((every_s) => ({ type: 'interval', every_s, ...window })),
      fc
        .tuple(cron, fc.integer({ min: 1, max: 60 }))
        .map(([text, times_per_minute]) => ({ type: 'cron', cron: text, times_per_minute, ...window })),
    );
  });

/** The account of runs rests on it: a run is named by its time, and both sides work it out by themselves. */
describe('the server and the probe', () => {
  it('have the same times for the runs of every schedule', () => {
    fc.assert(
      fc.property(schedules, fc.constantFrom(0, 1, 59_999), (schedule, offset) => {
        const numbers = numberRuns(schedule);
        const runs = occurrences(toProbeSchedule(schedule, offset));
        let time = runs.nextAfter(0);
        for (let run = 0; run < Math.min(numbers.count, 300); run += 1) {
          expect(time).toBe(numbers.timeOf(run) + offset);
          time = runs.nextAfter(time ?? Infinity);
        }
        if (numbers.count <= 300) expect(time).toBeNull();
      }),
      { numRuns: 300 },
    );
  });
});
