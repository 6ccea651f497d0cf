import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { busiestRuns } from './busiest.js';
import { numberRuns, runsOf } from './run-numbers.js';
import { type CronSchedule, type IntervalSchedule, type Schedule } from './schedule.js';

const START = Date.UTC(2026, 0, 5);
const HOUR_MS = 3_600_000;

function cron(expression: string, more: Partial<CronSchedule> = {}): CronSchedule {
  return {
    type: 'cron',
    cron: expression,
    times_per_minute: 1,
    start: new Date(START),
    stop: new Date(START + 72 * HOUR_MS),
    ...more,
  };
}

function interval(every_s: number, hours: number): IntervalSchedule {
  return {
    type: 'interval',
    every_s,
    start: new Date(START + 1_234),
    stop: new Date(START + hours * HOUR_MS),
  };
}

/** By looking at every window that begins with a run. */
function countedOut(schedule: Schedule, minutes: number): number {
  const runs = numberRuns(schedule);
  const times = Array.from({ length: runs.count }, (_, run) => runs.timeOf(run));
  let most = 0;
  let first = 0;
  for (const [last, time] of times.entries()) {
    while (time - (times[first] ?? time) >= minutes * 60_000) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

describe('busiestRuns', () => {
  it.each([
    ['a single run', { type: 'once', at: new Date(START) }, 1, 1],
    ['every second', interval(1, 1), 1, 60],
    ['every seven seconds', interval(7, 1), 1, 9],
    ['once a day, in a minute', interval(86_400, 72), 1, 1],
    ['once a day, in a day', interval(86_400, 72), 1440, 1],
    ['shorter than the window', interval(60, 1), 1440, 60],
    ['each minute', cron('* * * * *'), 1440, 1440],
    ['four times in each fifth minute', cron('*/5 * * * *', { times_per_minute: 4 }), 6, 8],
    ['around midnight', cron('0,59 0,23 * * *'), 2, 2],
    ['on one day of the week', cron('30 12 * * 3'), 1440, 1],
    ['at no time before its end', cron('0 0 1 1 *', { times_per_minute: 3 }), 1, 3],
  ] as const)('%s', (_what, schedule, minutes, most) => {
    expect(busiestRuns(schedule, minutes)).toBe(most);
  });

  const ofCron = fc
    .record({
      minute: fc.constantFrom('*', '*/7', '0', '58-59', '0,1,30', '10-20'),
      hour: fc.constantFrom('*', '0', '23', '*/5', '0,23', '9-17'),
      day: fc.constantFrom('*', '6', '*/2'),
      times: fc.integer({ min: 1, max: 4 }),
    })
    .map(({ minute, hour, day, times }) => cron(`${minute} ${hour} ${day} * *`, { times_per_minute: times }));
  const ofInterval = fc
    .tuple(fc.integer({ min: 20, max: 86_400 }), fc.integer({ min: 1, max: 72 }))
    .map(([every_s, hours]) => interval(every_s, hours));

  it('is never less than what comes, and as much wherever days that follow each other match', () => {
    fc.assert(
      fc.property(fc.oneof(ofCron, ofInterval), fc.integer({ min: 1, max: 1440 }), (schedule, minutes) => {
        const most = busiestRuns(schedule, minutes);
        const counted = countedOut(schedule, minutes);
        expect(most).toBeGreaterThanOrEqual(counted);
        expect(most).toBeLessThanOrEqual(runsOf(schedule));
        const everyDay = schedule.type === 'interval' || / \* \* \*$/.test(schedule.cron);
        if (everyDay) expect(most).toBe(counted);
      }),
      { numRuns: 60 },
    );
  });
});
