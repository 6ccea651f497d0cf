import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Presence, type Stay } from '../presence/presence.js';
import { platformPresence, RETURN_MS, SILENCE_MS } from './platform-times.service.js';
import { figuresOf, uptimeBetween } from './reliability.js';
import { staysOf } from './uptime.service.js';

const HOUR = 3_600_000;
const ALWAYS = new Presence([{ from: -Infinity, to: Infinity }]);
const at = (hours: number) => new Date(hours * HOUR);

describe('the uptime of a probe', () => {
  it('is the share of the time in which it was connected', () => {
    const probe = new Presence([
      { from: -5 * HOUR, to: 6 * HOUR },
      { from: 18 * HOUR, to: Infinity },
    ]);
    expect(uptimeBetween(probe, ALWAYS, 0, 24 * HOUR)).toEqual({ from: new Date(0), uptime: 0.5 });
    expect(uptimeBetween(new Presence([]), ALWAYS, 0, HOUR).uptime).toBe(0);
    expect(uptimeBetween(probe, ALWAYS, HOUR, HOUR)).toEqual({ from: new Date(HOUR) });
  });

  it('leaves the time out in which the platform was away', () => {
    const probe = new Presence([{ from: 0, to: 6 * HOUR }]);
    const platform = new Presence([
      { from: -Infinity, to: 6 * HOUR },
      { from: 18 * HOUR, to: Infinity },
    ]);
    expect(uptimeBetween(probe, platform, 0, 18 * HOUR).uptime).toBe(1);
    expect(uptimeBetween(probe, platform, 0, 24 * HOUR).uptime).toBe(0.5);
    expect(uptimeBetween(probe, platform, 7 * HOUR, 17 * HOUR)).toEqual({ from: at(7) });
  });

  it('is never below 0 or above 1, whatever its sessions say', () => {
    const stay = fc
      .tuple(fc.integer(), fc.oneof(fc.integer(), fc.constant(Infinity)))
      .map(([from, to]): Stay => ({ from, to }));
    const some = fc.array(stay).map((stays) => new Presence(stays));
    fc.assert(
      fc.property(some, some, fc.integer(), fc.nat(), (probe, platform, from, length) => {
        const { uptime = 0 } = uptimeBetween(probe, platform, from, from + length);
        expect(uptime).toBeGreaterThanOrEqual(0);
        expect(uptime).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('figures', () => {
  it('have a share where runs were due, and none elsewhere', () => {
    const uptime = { from: new Date(0), uptime: 1 };
    expect(figuresOf(uptime, { due: 3, came: 2 })).toEqual({ ...uptime, due: 3, came: 2, share: 0.666667 });
    expect(figuresOf(uptime, { due: 0, came: 0 })).toEqual({ ...uptime, due: 0, came: 0 });
  });
});

describe('sessions that nobody closed', () => {
  it('ended when the next one began, and the newest when the probe was seen last', () => {
    const newestFirst = [{ from: at(5) }, { from: at(3) }, { from: at(1), to: at(2) }];
    expect(staysOf(newestFirst, 6 * HOUR)).toEqual([
      { from: HOUR, to: 2 * HOUR },
      { from: 3 * HOUR, to: 5 * HOUR },
      { from: 5 * HOUR, to: 6 * HOUR },
    ]);
    expect(staysOf([{ from: at(5) }], 0)).toEqual([{ from: 5 * HOUR, to: 5 * HOUR }]);
  });
});

describe('the platform', () => {
  const upAt = (stretches: { from: Date; to: Date }[], now: Date, time: number) =>
    platformPresence(stretches, now).covers(time);

  it('was there before its first sign of life, and is there now', () => {
    for (const stretches of [[], [{ from: at(5), to: at(6) }]]) {
      const now = new Date(6 * HOUR + SILENCE_MS);
      expect([-1, 1, 5.5, 6, 7].map((hour) => upAt(stretches, now, hour * HOUR))).toEqual(
        Array(5).fill(true),
      );
    }
  });

  it('was away from its last sign of life until probes had time to come back', () => {
    const stretches = [
      { from: at(8), to: at(10) },
      { from: at(1), to: at(5) },
      { from: at(2), to: at(4) },
    ];
    const up = (time: number) => upAt(stretches, at(10), time);
    expect([up(5 * HOUR - 1), up(5 * HOUR), up(8 * HOUR)]).toEqual([true, false, false]);
    expect([up(8 * HOUR + RETURN_MS - 1), up(8 * HOUR + RETURN_MS), up(11 * HOUR)]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('that gave no sign of life for long is not taken to be there', () => {
    expect(upAt([{ from: at(1), to: at(2) }], at(3), 2.5 * HOUR)).toBe(false);
  });
});
