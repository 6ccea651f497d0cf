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

  test('a server that does not want to be asked is asked less and less often', async () => {
    server.lie = { stratum: 0, referenceId: 'RATE' };
    const asked: number[] = [];
    start(20);
    await until(() => {
      asked.push(performance.now());
      return problems.length === 6;
    });
    // The waits are at least 40, 80, 160, 320 and 640 ms.
    expect(asked.at(-1)! - asked[0]!).toBeGreaterThan(40 + 80 + 160 + 320 + 640 - 5);
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
