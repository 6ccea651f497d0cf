import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FakeNtp } from '../test/support/fake.ntp.js';
import type { ClockReader } from './clock.js';
import type { NtpSample } from './offset.js';
import { NtpWatch } from './watch.js';

describe('the watch', () => {
  let server: FakeNtp;
  let watch: NtpWatch | undefined;
  let stepped: number;
  let samples: NtpSample[];
  let problems: string[];
  let heard: () => void;

  const clock: ClockReader = { now: () => Date.now() + stepped, monotonic: () => performance.now() };

  beforeEach(async () => {
    server = await FakeNtp.start();
    stepped = 0;
    samples = [];
    problems = [];
    heard = () => undefined;
  });
  afterEach(async () => {
    watch?.stop();
    await server.close();
  });

  function start(everyMs: number): void {
    watch = new NtpWatch({ server: { host: '127.0.0.1', port: server.port }, everyMs }, clock, {
      compared: (sample) => {
        samples.push(sample);
        heard();
      },
      failed: ({ message }) => {
        problems.push(message);
        heard();
      },
    });
    watch.start();
  }

  async function until(test: () => boolean): Promise<void> {
    while (!test()) {
      await new Promise<void>((resolve) => {
        heard = resolve;
      });
    }
  }

  test('compares again and again, and says when no answer comes', async () => {
    start(10);
    await until(() => samples.length === 2);
    server.lie = { leap: 3 };
    await until(() => problems.length === 2);
    server.lie = {};
    await until(() => samples.length === 4);
  });

  test('a clock that is set is compared anew, long before the time', async () => {
    start(3_600_000);
    await until(() => samples.length === 1);
    stepped = -90_000;
    await until(() => samples.length === 2);
    expect(samples[1]!.offset).toBeCloseTo(90_000, -1);
  });

  test('a server that wants to be asked less often is asked half as often each time', async () => {
    server.lie = { stratum: 0, referenceId: 'RATE' };
    const asked: number[] = [];
    server.delays = () => {
      asked.push(performance.now());
      return [0, 0, 0];
    };
    start(20);
    await until(() => server.asked === 6);
    const waits = asked.slice(1).map((at, index) => at - asked[index]!);
    // The watch's own pause lies between the answer and the next question; the server sees questions alone.
    for (const [index, wait] of waits.entries()) expect(wait).toBeGreaterThan(20 * 2 ** (index + 1) - 5);
    expect(problems).toContain('127.0.0.1 gives no time: it does not want to be asked now');
  });

  test.each(['DENY', 'RSTR'])('a server that says %s is not asked again', async (referenceId) => {
    server.lie = { stratum: 0, leap: 3, referenceId };
    start(5);
    await until(() => problems.length === 20);
    expect(server.asked).toBe(1);
  });

  // chrony 4.3 and openntpd 6.2p3 send no code, ntpsec 1.2.2 sends INIT; RFC 5905, section 7.4
  test.each(['', 'INIT'])('one that has no time yet (code "%s") is asked at the usual pace', async (code) => {
    server.lie = { stratum: 0, leap: 3, referenceId: code };
    start(5);
    await until(() => problems.length === 8);
    expect(server.asked).toBe(8);
    expect(new Set(problems)).toEqual(new Set(['127.0.0.1 gives no time: not synchronised']));
    server.lie = {};
    await until(() => samples.length === 1);
  });

  test('says nothing more once it is stopped, also of what was under way', async () => {
    server.delays = () => {
      heard();
      return [0, 0, 20];
    };
    start(1);
    await until(() => server.asked === 1);
    watch?.stop();
    server.skewMs = 5_000;
    start(3_600_000);
    await until(() => samples.length === 1);
    expect(samples[0]!.offset).toBeCloseTo(5_000, -2);
  });
});
