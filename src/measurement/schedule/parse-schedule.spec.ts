import { describe, expect, it } from '@jest/globals';
import { InvalidParamsError } from '../params/invalid-params.error.js';
import { parseClassicTimes, toClassicTimes } from './classic-times.js';
import { parseSchedule } from './parse-schedule.js';
import { runsOf } from './run-numbers.js';
import { parseRfc3339 } from '@pladmed/protocol';

const NOW = new Date('2026-11-21T05:10:30.000Z');

function violations(action: () => unknown): string[] {
  try {
    action();
    return [];
  } catch (error) {
    if (error instanceof InvalidParamsError) return error.violations.map(({ field }) => field);
    throw error;
  }
}

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
    const schedule = { ...parseClassicTimes(RIGHT, NOW), stop: new Date('2026-11-21T05:14:10Z') };
    expect(toClassicTimes(schedule).stop_time).toBe('21/11/2026 05:15');
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
    expect(parseSchedule({ type: 'once' }, NOW)).toEqual({ type: 'once', at: NOW });
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
    expect(parseSchedule({ type: 'once', at: '2026-11-21T05:06:00Z' }, NOW)).toEqual({
      type: 'once',
      at: NOW,
    });
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
