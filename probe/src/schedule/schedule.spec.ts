import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Schedule } from '../protocol/protocol.js';
import { BadSchedule, occurrences } from './schedule.js';

const at = (text: string): number => Date.parse(text);

function list(schedule: Schedule, after: string, most = 10): string[] {
  const runs = occurrences(schedule);
  const found: string[] = [];
  for (let ms = runs.nextAfter(at(after)); ms !== null && found.length < most; ms = runs.nextAfter(ms)) {
    found.push(new Date(ms).toISOString().slice(11, 23));
  }
  return found;
}

describe('occurrences', () => {
  test('once: at its time, whenever that was', () => {
    const schedule: Schedule = { type: 'once', at: '2026-01-01T10:00:00.500Z' };
    expect(list(schedule, '2020-01-01T00:00:00Z')).toEqual(['10:00:00.500']);
    expect(list(schedule, '2026-01-01T10:00:00.500Z')).toEqual([]);
  });

  test('interval: start, and on, before stop', () => {
    const schedule: Schedule = {
      type: 'interval',
      every_s: 20,
      start: '2026-01-01T10:00:05.000Z',
      stop: '2026-01-01T10:01:05.000Z',
    };
    expect(list(schedule, '2026-01-01T00:00:00Z')).toEqual(['10:00:05.000', '10:00:25.000', '10:00:45.000']);
    expect(list(schedule, '2026-01-01T10:00:05.000Z')).toEqual(['10:00:25.000', '10:00:45.000']);
  });

  test('with an offset: each time so much later, within the same window', () => {
    const schedule: Schedule = {
      type: 'interval',
      every_s: 20,
      start: '2026-01-01T10:00:05.000Z',
      stop: '2026-01-01T10:00:45.000Z',
      offset_ms: 12_345,
    };
    expect(list(schedule, '2026-01-01T00:00:00Z')).toEqual(['10:00:17.345', '10:00:37.345']);
    expect(list(schedule, '2026-01-01T10:00:17.344Z')).toHaveLength(2);
    expect(list(schedule, '2026-01-01T10:00:17.345Z')).toHaveLength(1);
  });

  test('cron: minutes after start and before stop, several times in each', () => {
    const schedule: Schedule = {
      type: 'cron',
      cron: '*/2 * * * *',
      times_per_minute: 7,
      start: '2026-01-01T10:00:00.000Z',
      stop: '2026-01-01T10:02:30.000Z',
    };
    expect(list(schedule, '2026-01-01T00:00:00Z')).toEqual([
      '10:02:00.000',
      '10:02:08.571',
      '10:02:17.142',
      '10:02:25.714',
      '10:02:34.285',
      '10:02:42.857',
      '10:02:51.428',
    ]);
  });

  test('cron without a time between start and stop: once at start', () => {
    const schedule: Schedule = {
      type: 'cron',
      cron: '0 0 1 1 *',
      times_per_minute: 3,
      start: '2026-02-01T10:00:00.250Z',
      stop: '2026-02-02T10:00:00.000Z',
    };
    expect(list(schedule, '2026-01-01T00:00:00Z')).toEqual(['10:00:00.250']);
  });

  test('cron that cannot be read', () => {
    const schedule: Schedule = {
      type: 'cron',
      cron: '61 * * * *',
      times_per_minute: 1,
      start: '2026-02-01T10:00:00.250Z',
      stop: '2026-02-02T10:00:00.000Z',
    };
    expect(() => occurrences(schedule)).toThrow(BadSchedule);
  });

  test('a moment after a moment is the same from wherever one looks', () => {
    const start = at('2026-03-01T00:00:00Z');
    const schedules = fc.oneof(
      fc.record({ type: fc.constant('interval' as const), every_s: fc.integer({ min: 1, max: 86_400 }) }),
      fc.record({
        type: fc.constant('cron' as const),
        cron: fc.constantFrom('* * * * *', '*/7 * * * *', '5 3 * * 1', '0 0 29 2 *', '30 4 1,15 * 5'),
        times_per_minute: fc.integer({ min: 1, max: 60 }),
      }),
    );
    fc.assert(
      fc.property(
        schedules,
        fc.integer({ min: 1, max: 40 * 86_400_000 }),
        fc.integer({ min: 0, max: 1e8 }),
        (part, length, back) => {
          const schedule = {
            ...part,
            start: new Date(start).toISOString(),
            stop: new Date(start + length).toISOString(),
          };
          const runs = occurrences(schedule);
          const first = runs.nextAfter(start + length / 3);
          if (first === null) return;
          expect(first).toBeGreaterThan(start + length / 3);
          expect(runs.nextAfter(first - 1)).toBe(first);
          const second = runs.nextAfter(first);
          expect(second === null || second > first).toBe(true);
          // Looking from further back never skips what lies between.
          const earlier = runs.nextAfter(first - 1 - back);
          expect(earlier !== null && earlier <= first).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });
});
