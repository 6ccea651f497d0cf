import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { numberRuns, firstRun, runsOf, scheduleEnd } from './run-numbers.js';
import { toWireSchedule, type Schedule } from './schedule.js';

const NOW = new Date('2026-11-21T05:10:30.000Z');
const at = (time: string): Date => new Date(`2026-11-21T${time}Z`);
const timesOf = (schedule: Schedule): Date[] => {
  const runs = numberRuns(schedule);
  return Array.from({ length: runs.count }, (_, run) => new Date(runs.timeOf(run)));
};
const due = (schedule: Schedule): string[] =>
  timesOf(schedule).map((time) => time.toISOString().slice(11, 23));

const CRON: Schedule = {
  type: 'cron',
  cron: '*/2 * * * *',
  times_per_minute: 3,
  start: NOW,
  stop: at('05:14:10'),
};
const NEVER: Schedule = { ...CRON, cron: '0 0 31 2 *', stop: new Date('9999-12-31T00:00:00Z') };
const INTERVAL: Schedule = { type: 'interval', every_s: 20, start: NOW, stop: at('05:11:10') };
const ONCE: Schedule = { type: 'once', at: NOW };

describe('a schedule', () => {
  it('of cron runs times_per_minute times in each minute between start and stop', () => {
    expect(due(CRON)).toEqual([
      '05:12:00.000',
      '05:12:20.000',
      '05:12:40.000',
      '05:14:00.000',
      '05:14:20.000',
      '05:14:40.000',
    ]);
    expect([runsOf(CRON), firstRun(CRON), scheduleEnd(CRON)]).toEqual([6, at('05:12:00'), at('05:14:40')]);
  });

  it('of cron rounds down to milliseconds', () => {
    expect(due({ ...CRON, times_per_minute: 7, stop: at('05:13:00') }).slice(0, 3)).toEqual([
      '05:12:00.000',
      '05:12:08.571',
      '05:12:17.142',
    ]);
  });

  it('of cron does not run at its very start, nor at its very stop', () => {
    expect(due({ ...CRON, times_per_minute: 1, start: at('05:12:00'), stop: at('05:16:00') })).toEqual([
      '05:14:00.000',
    ]);
  });

  it.each([
    ['a date that never comes', NEVER],
    ['a stop in the past', { ...CRON, stop: new Date('2020-01-01T00:00:00Z') }],
    ['a window without a cron minute', { ...CRON, stop: at('05:12:00') }],
  ])(
    'of cron with %s runs once at its start, and costs times_per_minute runs',
    (_name, schedule: Schedule) => {
      expect(due(schedule)).toEqual(['05:10:30.000']);
      expect([runsOf(schedule), firstRun(schedule), scheduleEnd(schedule)]).toEqual([3, NOW, NOW]);
    },
  );

  it('of equal distances begins at its start and ends before its stop', () => {
    expect(due(INTERVAL)).toEqual(['05:10:30.000', '05:10:50.000']);
    expect([runsOf(INTERVAL), firstRun(INTERVAL), scheduleEnd(INTERVAL)]).toEqual([2, NOW, at('05:10:50')]);
    expect(runsOf({ ...INTERVAL, stop: at('05:11:10.001') })).toBe(3);
  });

  it('of one run has one', () => {
    expect([due(ONCE), runsOf(ONCE), firstRun(ONCE), scheduleEnd(ONCE)]).toEqual([
      ['05:10:30.000'],
      1,
      NOW,
      NOW,
    ]);
  });

  it('counts any number of runs', () => {
    const long = { ...CRON, cron: '* * * * *', times_per_minute: 60, stop: new Date('9999-12-31T23:59:00Z') };
    const minutes = (Date.parse('9999-12-31T23:59:00Z') - Date.parse('2026-11-21T05:11:00Z')) / 60_000;
    expect(runsOf(long)).toBe(minutes * 60);
    expect(scheduleEnd(long).toISOString()).toBe('9999-12-31T23:58:59.000Z');
    expect(runsOf({ ...long, times_per_minute: 1, stop: new Date('2028-10-15T00:00:00Z') })).toBe(
      (Date.parse('2028-10-15T00:00:00Z') - Date.parse('2026-11-21T05:11:00Z')) / 60_000,
    );
  });

  it('is told to a probe in RFC 3339', () => {
    expect(toWireSchedule(ONCE)).toEqual({ type: 'once', at: '2026-11-21T05:10:30.000Z' });
    expect(toWireSchedule(INTERVAL)).toEqual({
      type: 'interval',
      every_s: 20,
      start: '2026-11-21T05:10:30.000Z',
      stop: '2026-11-21T05:11:10.000Z',
    });
    expect(toWireSchedule(CRON)).toEqual({
      ...CRON,
      start: NOW.toISOString(),
      stop: '2026-11-21T05:14:10.000Z',
    });
  });

  it('counts, lists and ends alike', () => {
    const start = fc.integer({ min: 0, max: 4e12 }).map((time) => new Date(time));
    const length = fc.integer({ min: 1, max: 8 * 3_600_000 });
    const any = fc.tuple(start, length).chain(([from, ms]) => {
      const window = { start: from, stop: new Date(from.getTime() + ms) };
      const cron = fc.constantFrom('* * * * *', '*/7 * * * *', '3-9 */2 * * *', '0 0 29 2 *', '0 0 31 2 *');
      return fc.oneof<fc.Arbitrary<Schedule>[]>(
        fc.constant({ type: 'once', at: from }),
        fc.integer({ min: 20, max: 86_400 }).map((every_s) => ({ type: 'interval', every_s, ...window })),
        fc
          .tuple(cron, fc.integer({ min: 1, max: 60 }))
          .map(([text, times_per_minute]) => ({ type: 'cron', cron: text, times_per_minute, ...window })),
      );
    });
    fc.assert(
      fc.property(any, (schedule) => {
        const times = timesOf(schedule);
        expect(times[0]).toEqual(firstRun(schedule));
        expect(times.at(-1)).toEqual(scheduleEnd(schedule));
        if (times.length > 1) expect(times).toHaveLength(runsOf(schedule));
      }),
      { numRuns: 200 },
    );
  });
});
