import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { numberRuns } from '../../measurement/schedule/run-numbers.js';
import { type Schedule } from '../../measurement/schedule/schedule.js';
import { isHeardLately, quietAfter } from './quiet.js';

const START = Date.UTC(2030, 0, 1);

const every = fc.integer({ min: 1, max: 7_200 }).map((every_s): Schedule => ({
  ...{ type: 'interval', every_s },
  ...{ start: new Date(START), stop: new Date(START + 100 * every_s * 1_000) },
}));

describe('isHeardLately', () => {
  it('is never said of a probe that may be quiet, whatever its schedule is', () => {
    const times = fc.record({
      schedule: every,
      offsetMs: fc.nat(60_000),
      heard: fc.integer({ min: START - 600_000, max: START + 8 * 86_400_000 }),
      later: fc.nat(600_000),
    });
    fc.assert(
      fc.property(times, ({ schedule, offsetMs, heard, later }) => {
        fc.pre(isHeardLately(heard, heard + later));
        const quiet = quietAfter(heard, { numbers: numberRuns(schedule), offsetMs });
        expect(quiet === undefined || quiet > heard + later).toBe(true);
      }),
    );
  });
});
