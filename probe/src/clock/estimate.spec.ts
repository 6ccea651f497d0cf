import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FakeClock } from '../../test/support/fake.clock.js';
import type { StatusAnswer } from '../protocol/protocol.js';
import { ClockEstimator, UNKNOWN_CLOCK } from './estimate.js';

const START = 1_800_000_000_000;
const nothing = (): Promise<void> => Promise.resolve();

describe('the estimate', () => {
  let clock: FakeClock;
  let estimator: ClockEstimator;

  beforeEach(() => {
    clock = new FakeClock(START);
    estimator = new ClockEstimator(clock);
  });

  const taken = () => ({ wall: clock.now(), monotonic: clock.monotonic() });
  const record = (source: 'ntp' | 'socket', offset: number, error: number) => {
    estimator.record(source, { offset, error, taken: taken() });
  };
  const iso = (ms: number) => new Date(ms).toISOString();

  /** What a server answers that is ahead by `skew` ms and whose times are cut off at whole ms. */
  function answerOf(
    skew: number,
    [there, inside]: [number, number],
    more: Partial<StatusAnswer> = {},
  ): StatusAnswer {
    const arrived = START + there + skew;
    return { received_at: iso(Math.floor(arrived)), server_time: iso(Math.floor(arrived + inside)), ...more };
  }

  test('over the socket, whatever the ways and the server take, the truth lies within the bound', () => {
    const way = fc.double({ min: 0, max: 3_000, noNaN: true });
    const skews = fc.double({ min: -1e7, max: 1e7, noNaN: true });
    fc.assert(
      fc.property(way, way, way, skews, fc.boolean(), (there, inside, back, skew, isOld) => {
        const fresh = new ClockEstimator(clock);
        const answer = answerOf(skew, [there, inside]);
        if (isOld) delete answer.received_at;
        fresh.recordExchange({ sent: taken(), roundTripMs: there + inside + back }, answer);
        const { offset_ms, error_ms, source } = fresh.estimate();
        expect(source).toBe('socket');
        expect(Math.abs(offset_ms! - skew)).toBeLessThanOrEqual(error_ms!);
        if (!isOld) expect(error_ms).toBeLessThanOrEqual((there + back) / 2 + 3);
      }),
    );
  });

  test('the server’s own error counts, and its own offset is taken off', () => {
    const own = { offset_ms: -1_500, error_ms: 8 };
    estimator.recordExchange({ sent: taken(), roundTripMs: 20 }, answerOf(1_590, [10, 0], { clock: own }));
    const { offset_ms, error_ms } = estimator.estimate();
    expect(Math.abs(offset_ms! - 90)).toBeLessThanOrEqual(1);
    expect(error_ms).toBeGreaterThan(8 + 10);
    expect(error_ms).toBeLessThan(8 + 10 + 3);
  });

  test('times that cannot all be true are not taken: a clock was set while the message was under way', () => {
    estimator.recordExchange({ sent: taken(), roundTripMs: 20 }, answerOf(0, [10, 5_000]));
    estimator.recordExchange({ sent: taken(), roundTripMs: 20 }, answerOf(0, [10, -5_000]));
    expect(estimator.estimate()).toEqual(UNKNOWN_CLOCK);
  });

  test('grows older and less sure, and is gone when the clock is set', async () => {
    record('ntp', 5, 1);
    await clock.pass(100_000, nothing);
    expect(estimator.estimate()).toEqual({
      offset_ms: 5,
      error_ms: 6.001,
      source: 'ntp',
      age_s: 100,
      stratum: null,
    });
    clock.set(clock.now() - 90_000);
    expect(estimator.estimate().source).toBe('none');
    expect(estimator.serverNow()).toBe(clock.now());
    record('socket', 90_005, 30);
    expect(estimator.estimate()).toMatchObject({ offset_ms: 90_005, source: 'socket' });
    expect(estimator.serverNow()).toBe(START + 100_005);
  });

  test('NTP is preferred while it is fresh', async () => {
    record('ntp', 5, 1);
    record('socket', 50, 100);
    expect(estimator.estimate().source).toBe('ntp');
    await clock.pass(1_000_000, nothing);
    record('socket', 50, 100);
    expect(estimator.estimate().source).toBe('socket');
  });

  test('says when the corrected time moves at once, or its source changes, and only then', () => {
    let jumps = 0;
    let sources = 0;
    estimator.onJump = () => jumps++;
    estimator.onNews = () => sources++;
    record('socket', 90_000, 10);
    record('socket', 90_002, 10);
    record('ntp', 90_004, 1);
    expect([jumps, sources]).toEqual([1, 2]);
    record('ntp', -3_000, 1);
    expect([jumps, sources]).toEqual([2, 2]);
  });

  test('whoever waits for the first comparison waits no longer than that, nor than was said', async () => {
    const compared = estimator.compared(3_000);
    record('socket', 1, 1);
    await compared;
    await estimator.compared(3_000);
    const unknown = new ClockEstimator(clock);
    const waiting = unknown.compared(3_000);
    await clock.pass(3_000, nothing);
    await waiting;
  });
});
