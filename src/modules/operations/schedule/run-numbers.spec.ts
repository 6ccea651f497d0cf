import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ObjectId } from '../../../common/database/object-id.js';
import { numberRuns } from './run-numbers.js';
import { dueTimes, type Schedule } from './schedule.js';
import { spreadOffsetMs } from './spread.js';

const START = new Date('2026-11-21T05:10:30.250Z');
const after = (ms: number) => new Date(START.getTime() + ms);

const schedules = fc.integer({ min: 1, max: 6 * 3_600_000 }).chain((ms) => {
  const window = { start: START, stop: after(ms) };
  return fc.oneof<fc.Arbitrary<Schedule>[]>(
    fc.constant({ type: 'once', at: START }),
    fc.integer({ min: 20, max: 4_000 }).map((every_s) => ({ type: 'interval', every_s, ...window })),
    fc
      .tuple(fc.constantFrom('* * * * *', '*/7 3-9 * * *', '0 0 31 2 *'), fc.integer({ min: 1, max: 60 }))
      .map(([cron, times_per_minute]) => ({ type: 'cron', cron, times_per_minute, ...window })),
  );
});

describe('the numbers of runs', () => {
  it('are the places of their times in the schedule', () => {
    fc.assert(
      fc.property(schedules, fc.integer({ min: -3_600_000, max: 8 * 3_600_000 }), (schedule, ms) => {
        const numbers = numberRuns(schedule);
        const times = [...dueTimes(schedule, new Date(0), new Date(8e15), Infinity)].map((t) => t.getTime());
        expect(numbers.count).toBe(times.length);
        expect(times.map((_time, n) => numbers.timeOf(n))).toEqual(times);
        expect(times.map((time) => numbers.numberOf(time))).toEqual(times.map((_time, n) => n));
        const any = START.getTime() + ms;
        expect(numbers.lastUntil(any)).toBe(times.filter((time) => time <= any).length - 1);
        expect(numbers.numberOf(any)).toBe(times.includes(any) ? times.indexOf(any) : undefined);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the spread', () => {
  const every = (spread_s: number): Schedule => ({ type: 'once', at: START, spread_s });

  it('gives a probe the same offset every time, below the spread', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 86_400 }),
        fc.uint8Array({ minLength: 12, maxLength: 12 }),
        (spread, id) => {
          const probe = new ObjectId(Buffer.from(id));
          const offset = spreadOffsetMs(every(spread), probe);
          expect(offset).toBe(spreadOffsetMs(every(spread), probe));
          expect(offset).toBeGreaterThanOrEqual(0);
          expect(offset).toBeLessThan(spread * 1000);
        },
      ),
    );
  });

  it('spreads ten thousand probes over a minute: no second has more than twice its share', () => {
    const seconds = new Array<number>(60).fill(0);
    for (let n = 0; n < 10_000; n += 1) {
      const second = Math.floor(spreadOffsetMs(every(60), new ObjectId()) / 1000);
      seconds[second] = (seconds[second] ?? 0) + 1;
    }
    expect(Math.max(...seconds)).toBeLessThan((2 * 10_000) / 60);
  });

  it('is nothing where none was asked for', () => {
    expect(spreadOffsetMs({ type: 'once', at: START }, new ObjectId())).toBe(0);
  });

  it('is the share that the first 32 bits of the SHA-256 of the id are (docs/protocol.md)', () => {
    // of this text it begins with dd6eda34: 3,714,046,516 / 2^32 = 0.86497...
    expect(spreadOffsetMs(every(100), new ObjectId('000000000000000000000001'))).toBe(86_497);
  });
});
