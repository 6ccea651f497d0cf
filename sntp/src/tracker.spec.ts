import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type ClockReader, readClock } from './clock.js';
import { inMicroseconds, OffsetTracker } from './tracker.js';

/** Of numbers as large as times. */
const ROUNDING = 1e-6;

/** A host whose wall clock shows whole ms, drifts, and can be set; the true time is that of the monotonic clock. */
class Host implements ClockReader {
  private elapsed = 0;

  constructor(
    private ahead: number,
    private readonly drift = 0,
  ) {}

  /** The true time minus what the wall clock shows when it ticks. */
  get offset(): number {
    return -(this.ahead + this.elapsed * this.drift);
  }

  now(): number {
    return Math.floor(1_800_000_000_000 + this.elapsed - this.offset);
  }

  monotonic(): number {
    // As on Linux, the kernel's rate is that of both clocks.
    return this.elapsed * (1 + this.drift);
  }

  pass(ms: number): void {
    this.elapsed += ms;
  }

  set(by: number): void {
    this.ahead += by;
  }
}

function compare(host: Host, tracker: OffsetTracker, error: number, wrong = 0): void {
  tracker.record({ offset: host.offset + wrong, error, taken: readClock(host) });
}

describe('the estimate', () => {
  test('knows nothing before the first comparison', () => {
    expect(new OffsetTracker(new Host(0)).estimate()).toBeNull();
  });

  test('over hours, with comparisons of any quality and a crystal of up to 50 ppm, the truth stays within the bound', () => {
    const comparison = fc.record({
      afterMs: fc.double({ min: 0, max: 3_600_000, noNaN: true }),
      error: fc.double({ min: 0.5, max: 500, noNaN: true }),
      share: fc.double({ min: -1, max: 1, noNaN: true }),
    });
    const drift = fc.double({ min: -49e-6, max: 49e-6, noNaN: true });
    const ahead = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        ahead,
        drift,
        fc.array(comparison, { minLength: 1, maxLength: 30 }),
        (skew, rate, comparisons) => {
          const host = new Host(skew, rate);
          const tracker = new OffsetTracker(host);
          for (const { afterMs, error, share } of comparisons) {
            host.pass(afterMs);
            compare(host, tracker, error, share * error);
            const known = tracker.estimate()!;
            expect(Math.abs(known.offset - host.offset)).toBeLessThanOrEqual(known.error + ROUNDING);
            // A comparison a while ago may count still, but only while it says more than the newest.
            expect(known.error).toBeLessThanOrEqual(error + 2 + ROUNDING);
          }
        },
      ),
    );
  });

  test('grows less sure with age', () => {
    const host = new Host(5);
    const tracker = new OffsetTracker(host);
    compare(host, tracker, 1);
    host.pass(100_000);
    expect(tracker.estimate()).toEqual({ offset: -5, error: 6, ageMs: 100_000, stratum: null });
  });

  test('a comparison that says less than the one before it is left out, unless it contradicts it', () => {
    const host = new Host(0);
    const tracker = new OffsetTracker(host);
    compare(host, tracker, 1);
    compare(host, tracker, 20, 15);
    expect(tracker.estimate()!.error).toBe(1);
    compare(host, tracker, 20, 50);
    expect(tracker.estimate()).toMatchObject({ offset: 50, error: 20 });
  });

  test('a clock that was seen to drift more is believed less', () => {
    const host = new Host(0, 500e-6);
    const tracker = new OffsetTracker(host);
    compare(host, tracker, 1);
    host.pass(60_000);
    compare(host, tracker, 1);
    host.pass(60_000);
    const known = tracker.estimate()!;
    expect(Math.abs(known.offset - host.offset)).toBeGreaterThan(1 + 60_000 * 50e-6);
    expect(Math.abs(known.offset - host.offset)).toBeLessThanOrEqual(known.error);
  });

  test('a small step widens the bound, which goes on to hold; a large one ends the estimate', () => {
    for (const by of [-150, -5, 5, 150]) {
      const host = new Host(0);
      const tracker = new OffsetTracker(host);
      compare(host, tracker, 1);
      host.set(by);
      const known = tracker.estimate()!;
      expect(Math.abs(known.offset - host.offset)).toBeLessThanOrEqual(known.error);
    }
    for (const by of [-90_000, -300, 300, 90_000]) {
      const host = new Host(0);
      const tracker = new OffsetTracker(host);
      compare(host, tracker, 1);
      host.set(by);
      expect(tracker.estimate()).toBeNull();
      compare(host, tracker, 1);
      expect(tracker.estimate()).toMatchObject({ offset: -by });
    }
  });

  test('a comparison from before a step that comes late is not taken', () => {
    const host = new Host(0);
    const tracker = new OffsetTracker(host);
    const early = { offset: 0, error: 1, taken: readClock(host) };
    host.set(5_000);
    tracker.record(early);
    expect(tracker.estimate()).toBeNull();
  });

  test('rounding keeps the bound', () => {
    const figures = fc.double({ min: -1e9, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(figures, fc.double({ min: 0, max: 1e6, noNaN: true }), (offset, error) => {
        const rounded = inMicroseconds({ offset, error, ageMs: 0, stratum: null });
        expect(Math.abs(rounded.offset - offset) + error).toBeLessThanOrEqual(rounded.error + 1e-6);
      }),
    );
  });
});
