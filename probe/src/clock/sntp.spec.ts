import { createSocket, type Socket } from 'node:dgram';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Clock, systemClock } from './clock.js';
import { ClockEstimator } from './estimate.js';
import { measureOffset, NoTime, readAnswer } from './sntp.js';

const ERA = 2_208_988_800;

function stamp(packet: Buffer, at: number, ms: number): void {
  const seconds = Math.floor(ms / 1000);
  packet.writeUInt32BE((seconds + ERA) % 2 ** 32, at);
  packet.writeUInt32BE(Math.floor(((ms - seconds * 1000) / 1000) * 2 ** 32), at + 4);
}

function answer(request: Buffer, arrived: number, left: number): Buffer {
  const packet = Buffer.alloc(48);
  packet.writeUInt8(0x24, 0);
  packet.writeUInt8(2, 1);
  request.copy(packet, 24, 40, 48);
  stamp(packet, 32, arrived);
  stamp(packet, 40, left);
  return packet;
}

describe('a time server', () => {
  const SKEW = -90_000;
  let server: Socket;
  let behaviour: 'honest' | 'unsynchronised' | 'forged' = 'honest';

  beforeEach(async () => {
    behaviour = 'honest';
    server = createSocket('udp4');
    await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
    const now = (): number => performance.timeOrigin + performance.now() + SKEW;
    server.on('message', (request, from) => {
      const arrived = now() + Math.random() * 10;
      // The way there took part of these 10 ms, the way back some more.
      setTimeout(
        () => {
          const reply = answer(request, arrived, Math.max(arrived, now()));
          if (behaviour === 'unsynchronised') reply.writeUInt8(0xe4, 0);
          if (behaviour === 'forged') reply.writeUInt8(reply.readUInt8(24) ^ 1, 24);
          setTimeout(() => {
            server.send(reply, from.port, from.address);
          }, Math.random() * 10);
        },
        10 + Math.random() * 5,
      );
    });
  });
  afterEach(() => new Promise<void>((resolve) => server.close(resolve)));

  test('the true offset lies within the stated bound, in at least 95 of 100 tries', async () => {
    const { port } = server.address();
    const samples = await Promise.all(
      Array.from({ length: 100 }, () => measureOffset(systemClock(), '127.0.0.1', port)),
    );
    const within = samples.filter(({ offset, error }) => Math.abs(offset - SKEW) <= error);
    expect(within.length).toBeGreaterThanOrEqual(95);
    expect(Math.max(...samples.map(({ error }) => error))).toBeLessThan(200);
  });

  test('one that does not know the time is not believed', async () => {
    behaviour = 'unsynchronised';
    await expect(measureOffset(systemClock(), '127.0.0.1', server.address().port)).rejects.toBeInstanceOf(
      NoTime,
    );
  });

  test('an answer without our random bytes is not believed', async () => {
    behaviour = 'forged';
    await expect(measureOffset(systemClock(), '127.0.0.1', server.address().port)).rejects.toBeInstanceOf(
      NoTime,
    );
  });

  test('the next era of NTP, in 2036', () => {
    const sent = Date.parse('2037-01-01T00:00:00Z');
    const sample = readAnswer(answer(Buffer.alloc(48), sent + 1_005, sent + 1_005), sent, sent + 10);
    expect(sample?.offset).toBeCloseTo(1_000, 1);
  });
});

describe('the estimate', () => {
  function clockAt(state: { wall: number; monotonic: number }): Clock {
    return {
      now: () => state.wall,
      monotonic: () => state.monotonic,
      setTimer: () => ({ cancel: () => undefined }),
    };
  }

  test('over the socket, whatever the ways take, the truth lies within the bound', () => {
    const way = fc.integer({ min: 0, max: 3_000 });
    fc.assert(
      fc.property(way, way, fc.integer({ min: -1e7, max: 1e7 }), (there, back, skew) => {
        const state = { wall: 1_800_000_000_000, monotonic: 5 };
        const estimator = new ClockEstimator(clockAt(state));
        estimator.recordExchange(state.wall, state.wall + there + skew, state.wall + there + back);
        const { offset_ms, error_ms, source } = estimator.estimate();
        expect(source).toBe('socket');
        expect(Math.abs(offset_ms! - skew)).toBeLessThanOrEqual(error_ms!);
      }),
    );
  });

  test('grows older and less sure, and is gone when the clock is set', () => {
    const state = { wall: 1_800_000_000_000, monotonic: 0 };
    const estimator = new ClockEstimator(clockAt(state));
    estimator.record('ntp', 5, 1);
    state.wall += 100_000;
    state.monotonic += 100_000;
    expect(estimator.estimate()).toEqual({ offset_ms: 5, error_ms: 6, source: 'ntp', age_s: 100 });
    state.wall += 90_000;
    expect(estimator.estimate()).toEqual({ offset_ms: null, error_ms: null, source: 'none', age_s: null });
  });

  test('NTP is preferred while it is fresh', () => {
    const state = { wall: 1_800_000_000_000, monotonic: 0 };
    const estimator = new ClockEstimator(clockAt(state));
    estimator.record('ntp', 5, 1);
    estimator.record('socket', 50, 100);
    expect(estimator.estimate().source).toBe('ntp');
    state.wall += 1_000_000;
    state.monotonic += 1_000_000;
    estimator.record('socket', 50, 100);
    expect(estimator.estimate().source).toBe('socket');
  });
});
