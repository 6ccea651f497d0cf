import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InvalidParamsError } from '../kinds/invalid-params.error.js';
import { parseClassicTimes, toClassicTimes } from './classic-times.js';
import { parseSchedule } from './parse-schedule.js';
import { countRunsUntil } from './runs.js';
import { dueTimes, firstRun, runsOf, scheduleEnd, toWireSchedule, type Schedule } from './schedule.js';
import { parseRfc3339 } from './times.js';

const NOW = new Date('2026-11-21T05:10:30.000Z');
const at = (time: string): Date => new Date(`2026-11-21T${time}Z`);
const due = (schedule: Schedule, limit = 100): string[] =>
  [...dueTimes(schedule, new Date(0), new Date('9999-01-01T00:00:00Z'), limit)].map((time) =>
    time.toISOString().slice(11, 23),
  );

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

function violations(action: () => unknown): string[] {
  try {
    action();
    return [];
  } catch (error) {
    if (error instanceof InvalidParamsError) return error.violations.map(({ field }) => field);
    throw error;
  }
}

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

  it('gives the times of a part of it, as many as asked for', () => {
    expect([...dueTimes(CRON, at('05:12:20'), at('05:14:20'), 10)]).toEqual([
      at('05:12:20'),
      at('05:12:40'),
      at('05:14:00'),
    ]);
    expect([...dueTimes(CRON, at('05:12:20'), at('05:14:20'), 2)]).toHaveLength(2);
    expect([...dueTimes(CRON, at('05:12:20'), at('05:14:20'), 0)]).toEqual([]);
    expect([...dueTimes(INTERVAL, at('05:10:31'), at('06:00:00'), 9)]).toEqual([at('05:10:50')]);
    expect([...dueTimes(ONCE, at('05:10:31'), at('06:00:00'), 9)]).toEqual([]);
  });

  it('counts more than a million runs no further', () => {
    const long = { ...CRON, cron: '* * * * *', times_per_minute: 60, stop: new Date('9999-12-31T23:59:00Z') };
    const started = performance.now();
    expect(runsOf(long)).toBeGreaterThan(1_000_000);
    expect(scheduleEnd(long).toISOString()).toBe('9999-12-31T23:58:59.000Z');
    expect(performance.now() - started).toBeLessThan(100);
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
      fc.property(any, fc.integer({ min: -1, max: 9 * 3_600_000 }), (schedule, passed) => {
        const times = [...dueTimes(schedule, new Date(0), new Date(8e12), Infinity)];
        expect(times[0]).toEqual(firstRun(schedule));
        expect(times.at(-1)).toEqual(scheduleEnd(schedule));
        if (times.length > 1) expect(times).toHaveLength(runsOf(schedule));
        const now = new Date((schedule.type === 'once' ? schedule.at : schedule.start).getTime() + passed);
        expect(countRunsUntil(schedule, now)).toBe(times.filter((time) => time <= now).length);
        const next = [...dueTimes(schedule, now, new Date(8e12), 1)];
        expect(next).toEqual(times.filter((time) => time >= now).slice(0, 1));
      }),
      { numRuns: 200 },
    );
  });
});

describe('classic times', () => {
  const RIGHT = {
    cron: '*/5 * * * *',
    stop_time: '31/12/2026 23:59',
    times_per_minute: 2,
    ips: ['192.0.2.1'],
  };

  it('are a cron schedule from now on', () => {
    const schedule = parseClassicTimes(RIGHT, NOW);
    expect(schedule).toEqual({
      type: 'cron',
      cron: '*/5 * * * *',
      times_per_minute: 2,
      start: NOW,
      stop: new Date('2026-12-31T23:59:00Z'),
    });
    expect(toClassicTimes(schedule)).toEqual({
      cron: '*/5 * * * *',
      stop_time: '31/12/2026 23:59',
      times_per_minute: 2,
    });
  });

  it('lose no cron minute to seconds', () => {
    expect(toClassicTimes(CRON).stop_time).toBe('21/11/2026 05:15');
  });

  it('may end in the past: one run', () => {
    expect(runsOf(parseClassicTimes({ ...RIGHT, stop_time: '29/02/0004 00:00' }, NOW))).toBe(2);
  });

  it.each([
    ['cron', [undefined, null, '', 5, ['*'], '* * * * * *', '@daily', '* * * * *\n']],
    ['times_per_minute', [undefined, null, 0, 61, -1, 1.5, '1', true, [1], {}]],
    [
      'stop_time',
      [
        undefined,
        null,
        '',
        1_800_000_000,
        '1/12/2026 23:59',
        '31/12/26 23:59',
        '31-12-2026 23:59',
        '2026-12-31 23:59',
        '31/12/2026',
        '31/12/2026 23:59:00',
        '31/12/2026T23:59',
        '31/12/2026  23:59',
        ' 31/12/2026 23:59',
        '31/12/2026 23:59\n',
        '31/12/2026 24:00',
        '31/12/2026 23:60',
        '12/31/2026 23:59',
        '30/02/2026 00:00',
        '29/02/2027 00:00',
        '29/02/2100 00:00',
        '31/04/2026 00:00',
        '00/01/2026 00:00',
        '01/00/2026 00:00',
        '01/01/0000 00:00',
        '٠١/٠١/٢٠٣٠ ٠٠:٠٠',
      ],
    ],
  ])('have a right %s', (name, wrong) => {
    for (const value of wrong) {
      expect(violations(() => parseClassicTimes({ ...RIGHT, [name]: value }, NOW))).toEqual([
        `params.${name}`,
      ]);
    }
  });

  it.each([null, [], 'x', {}])('are not found in %j', (params) => {
    expect(violations(() => parseClassicTimes(params, NOW)).length).toBeGreaterThan(0);
  });
});

describe('a native schedule', () => {
  it('begins now unless it says otherwise', () => {
    expect(parseSchedule({ type: 'once' }, NOW)).toEqual(ONCE);
    expect(parseSchedule({ type: 'cron', cron: '* * * * *', stop: '2027-01-01T00:00:00Z' }, NOW)).toEqual({
      type: 'cron',
      cron: '* * * * *',
      times_per_minute: 1,
      start: NOW,
      stop: new Date('2027-01-01T00:00:00Z'),
    });
    const interval = {
      type: 'interval',
      every_s: 60,
      start: '2026-12-01T02:00:00.5+02:00',
      stop: '2026-12-02T00:00:00Z',
    };
    expect(parseSchedule(interval, NOW)).toEqual({
      type: 'interval',
      every_s: 60,
      start: new Date('2026-12-01T00:00:00.500Z'),
      stop: new Date('2026-12-02T00:00:00Z'),
    });
  });

  it('takes a start of a moment ago for now', () => {
    expect(parseSchedule({ type: 'once', at: '2026-11-21T05:06:00Z' }, NOW)).toEqual(ONCE);
  });

  const STOP = '2027-01-01T00:00:00Z';
  it.each<[unknown, string[]]>([
    [null, ['schedule']],
    [[], ['schedule']],
    ['once', ['schedule']],
    [{}, ['schedule.type']],
    [{ type: 'constructor' }, ['schedule.type']],
    [{ type: ['once'] }, ['schedule.type']],
    [{ type: 'once', at: null }, ['schedule.at']],
    [{ type: 'once', at: 1_800_000_000 }, ['schedule.at']],
    [{ type: 'once', at: '2026-11-20T05:10:30Z' }, ['schedule.at']],
    [{ type: 'once', at: '2027-11-23T05:10:30Z' }, ['schedule.at']],
    [{ type: 'once', stop: STOP }, ['schedule.stop']],
    [{ type: 'interval' }, ['schedule.every_s', 'schedule.stop']],
    [{ type: 'interval', every_s: 0, stop: STOP }, ['schedule.every_s']],
    [{ type: 'interval', every_s: 86_401, stop: STOP }, ['schedule.every_s']],
    [{ type: 'interval', every_s: 60, stop: '2026-11-21T05:10:30Z' }, ['schedule.stop']],
    [{ type: 'interval', every_s: 60, start: STOP, stop: STOP }, ['schedule.stop']],
    [
      { type: 'cron', cron: '@daily', stop: STOP, times_per_minute: 61 },
      ['schedule.cron', 'schedule.times_per_minute'],
    ],
    [{ type: 'cron', cron: '* * * * *' }, ['schedule.stop']],
    [{ type: 'cron', cron: '* * * * *', stop: STOP, every_s: 1 }, ['schedule.every_s']],
    [JSON.parse('{"type":"once","__proto__":{"at":1}}'), ['schedule']],
  ])('refuses %j', (raw, fields) => {
    expect(violations(() => parseSchedule(raw, NOW)).sort()).toEqual(fields);
  });
});

describe('parseRfc3339', () => {
  it.each([
    ['2026-11-21T05:10:30Z', '2026-11-21T05:10:30.000Z'],
    ['2026-11-21t05:10:30.1z', '2026-11-21T05:10:30.100Z'],
    ['2026-11-21T05:10:30.123999-03:00', '2026-11-21T08:10:30.123Z'],
    ['2024-02-29T00:00:00+23:59', '2024-02-28T00:01:00.000Z'],
  ])('reads %s', (text, expected) => {
    expect(parseRfc3339(text)?.toISOString()).toBe(expected);
  });

  it.each([
    '2026-11-21',
    '2026-11-21T05:10:30',
    '2026-11-21 05:10:30Z',
    '2026-11-21T05:10Z',
    '2026-11-21T05:10:60Z',
    '2026-11-21T24:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-21T05:10:30+24:00',
    '2026-11-21T05:10:30.Z',
    '2026-11-21T05:10:30Z\n',
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00+01:00',
    '9999-12-31T23:59:59-01:00',
    '+012026-11-21T05:10:30Z',
  ])('refuses %j', (text) => {
    expect(parseRfc3339(text)).toBeUndefined();
  });
});
