import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ClockReader, hostClock } from '../src/clock.js';
import { measureOffset } from '../src/measure.js';
import { Chronyd, hasChronyd } from './support/chronyd.js';
import { seeded } from './support/random.js';
import { UdpRelay } from './support/udp.relay.js';

if (!hasChronyd) console.log('chronyd is not installed: nothing is compared with it');

/** Against a real server of time: its words are chrony's, its skew is ours, since we are the ones who read a wrong clock. */
(hasChronyd ? describe : describe.skip)('chronyd', () => {
  let chronyd: Chronyd;

  beforeAll(async () => {
    chronyd = await Chronyd.synchronised();
  });
  afterAll(() => chronyd.stop());

  test('100 tries with known skews, over ways that take what they like: within the stated bound', async () => {
    const random = seeded(2026);
    // Most ways are alike in both directions, some are not at all.
    const relay = await UdpRelay.start(chronyd.port, () => [
      random() * 20,
      random() < 0.2 ? 100 : random() * 20,
    ]);
    const tries = Array.from({ length: 100 }, async () => {
      const skew = Math.round((random() - 0.5) * 200_000);
      const clock: ClockReader = {
        now: () => Date.now() + skew,
        monotonic: () => performance.now(),
      };
      const { offset, error } = await measureOffset(clock, { host: '127.0.0.1', port: relay.port });
      return Math.abs(offset + skew) <= error;
    });
    const within = (await Promise.all(tries)).filter(Boolean).length;
    relay.close();
    console.log(`SNTP, chronyd: ${within} of 100 within their bound`);
    expect(within).toBeGreaterThanOrEqual(95);
  });

  test('a way without delay: exact to a few milliseconds', async () => {
    const clock: ClockReader = { now: () => Date.now() + 90_000, monotonic: () => performance.now() };
    const { offset, error, stratum } = await measureOffset(clock, { host: '127.0.0.1', port: chronyd.port });
    expect(stratum).toBe(4);
    expect(Math.abs(offset + 90_000)).toBeLessThanOrEqual(error);
    expect(error).toBeLessThan(500);
  });

  // chrony.conf(5), `local`: it "appears synchronised", with a root dispersion of 0, also when it never was
  test('one that serves its own clock gives a time without a bound', async () => {
    const local = await Chronyd.local();
    try {
      const asked = measureOffset(hostClock, { host: '127.0.0.1', port: local.port });
      await expect(asked).rejects.toMatchObject({
        message: '127.0.0.1 gives no time: serves its own clock',
        unbounded: true,
        kiss: null,
      });
    } finally {
      await local.stop();
    }
  });

  test('one that has no source yet is not synchronised, and asks for nothing', async () => {
    const sourceless = await Chronyd.sourceless();
    try {
      const asked = measureOffset(hostClock, { host: '127.0.0.1', port: sourceless.port });
      await expect(asked).rejects.toMatchObject({
        message: '127.0.0.1 gives no time: not synchronised',
        unbounded: false,
        kiss: null,
      });
    } finally {
      await sourceless.stop();
    }
  });
});
