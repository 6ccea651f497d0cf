import { createSocket } from 'node:dgram';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { answerTo, FakeNtp, type Said, wallClock } from '../test/support/fake.ntp.js';
import { seeded } from '../test/support/random.js';
import { type ClockReader, hostClock } from './clock.js';
import { exchange, NoReply } from './exchange.js';
import { measureOffset, NoTime } from './measure.js';

const SKEW = -90_000;

describe('a time server', () => {
  let server: FakeNtp;

  beforeEach(async () => {
    server = await FakeNtp.start();
    server.skewMs = SKEW;
  });
  afterEach(() => server.close());

  const measure = (clock: ClockReader = hostClock) =>
    measureOffset(clock, { host: '127.0.0.1', port: server.port });
  const problem = () => measure().catch((error: unknown) => error) as Promise<NoTime>;
  const askOnce = () =>
    exchange({ address: '127.0.0.1', port: server.port, timeoutMs: 150, clock: hostClock });

  test('100 tries over ways that take what they like: the true offset lies within the stated bound', async () => {
    const random = seeded(20_261_121);
    server.delays = () => [random() * 40, random() * 5, random() * 40];
    const samples = await Promise.all(Array.from({ length: 100 }, () => measure()));
    const within = samples.filter(({ offset, error }) => Math.abs(offset - SKEW) <= error).length;
    console.log(`SNTP, fake server: ${within} of 100 within their bound`);
    expect(within).toBeGreaterThanOrEqual(95);
    expect(Math.max(...samples.map(({ error }) => error))).toBeLessThan(2_000);
  });

  test('the answer of least delay is taken', async () => {
    const ways = [60, 30, 2, 45];
    server.delays = () => [0, 0, ways[server.asked - 1] ?? 0];
    const { delay, offset, error } = await measure();
    expect(server.asked).toBe(4);
    expect(delay).toBeLessThan(30);
    expect(Math.abs(offset - SKEW)).toBeLessThanOrEqual(error);
  });

  test.each<[string, Said, string | null]>([
    ['that tells us to go away', { stratum: 0, referenceId: 'DENY' }, 'DENY'],
    ['that is asked too often', { stratum: 0, referenceId: 'RATE' }, 'RATE'],
    ['of stratum 0 that asks for nothing', { stratum: 0, leap: 3, referenceId: '' }, null],
    ['that has just started (ntpsec 1.2.2)', { stratum: 0, leap: 3, referenceId: 'INIT' }, null],
    ['of stratum 16', { stratum: 16 }, null],
    ['that does not know the time', { leap: 3 }, null],
    ['with empty time stamps', { received: 0, transmitted: 0 }, null],
    ['that does not know its own error', { rootDispersionMs: 60_000 }, null],
  ])('one %s is not believed, nor asked again', async (_what, lie, kiss) => {
    server.lie = lie;
    expect(await problem()).toMatchObject({ constructor: NoTime, kiss });
    expect(server.asked).toBe(1);
  });

  test('one that has enough of us after two answers has told the time; one that shuts us out has not', async () => {
    server.delays = () => {
      if (server.asked === 3) server.lie = { stratum: 0, referenceId: 'RATE' };
      return [0, 0, 0];
    };
    expect((await measure()).offset).toBeCloseTo(SKEW, -1);
    server.asked = 2;
    server.lie = {};
    server.delays = () => {
      server.lie = server.asked === 4 ? { stratum: 0, referenceId: 'RSTR' } : {};
      return [0, 0, 0];
    };
    expect(await problem()).toMatchObject({ kiss: 'RSTR' });
  });

  describe('answers that are none', () => {
    test.each<[string, (answer: Buffer) => Buffer]>([
      ['without our random bytes', (answer) => answer.fill(0, 24, 32)],
      ['that is short', (answer) => answer.subarray(0, 47)],
      ['that is a question', (answer) => (answer.writeUInt8(0x23, 0), answer)],
      ['that is a broadcast', (answer) => (answer.writeUInt8(0x25, 0), answer)],
    ])('one %s', async (_what, spoil) => {
      server.reply = (answer, to) => {
        server.send(spoil(answer), to);
      };
      await expect(askOnce()).rejects.toThrow('timeout');
    });

    test('one from another port', async () => {
      const other = createSocket('udp4');
      server.reply = (answer, { port, address }) => {
        other.send(answer, port, address);
      };
      await expect(askOnce()).rejects.toThrow('timeout');
      other.close();
    });

    test('a replay of what was said before; the true answer after it is taken', async () => {
      let earlier: Buffer | null = null;
      server.reply = (answer, to) => {
        if (earlier !== null) server.send(earlier, to);
        else server.send(answer, to);
        earlier ??= answer;
        if (server.asked === 3) server.send(answer, to);
      };
      await askOnce();
      await expect(askOnce()).rejects.toThrow('timeout');
      const { packet } = await askOnce();
      expect(Number(packet.transmitted) - wallClock()).toBeCloseTo(SKEW, -2);
    });

    test('a forged one, sent before the true one by somebody who does not see the question', async () => {
      server.reply = (answer, to, request) => {
        const forged = Buffer.from(request);
        forged.fill(1, 40, 48);
        const now = wallClock();
        server.send(answerTo(forged, { received: now + 3.6e6, transmitted: now + 3.6e6 }), to);
        server.send(answer, to);
      };
      expect((await measure()).offset).toBeCloseTo(SKEW, -1);
    });
  });

  test('two lost questions are enough', async () => {
    server.reply = () => undefined;
    expect((await problem()).message).toContain('timeout');
    expect(server.asked).toBe(2);
  });

  test('a clock that is set between the questions: what was compared before it does not count', async () => {
    let by = 0;
    const clock: ClockReader = { now: () => Date.now() + by, monotonic: () => performance.now() };
    server.delays = () => {
      if (server.asked === 3) by = 5_000;
      // What comes after the step takes longer, and is taken all the same.
      return server.asked < 3 ? [0, 0, 0] : [0, 0, 20];
    };
    const { offset, error } = await measure(clock);
    expect(Math.abs(offset - (SKEW - 5_000))).toBeLessThanOrEqual(error);
  });

  test('a clock that is set while the packet is under way, each time: nothing is said', async () => {
    let by = 0;
    const clock: ClockReader = { now: () => Date.now() + by, monotonic: () => performance.now() };
    server.delays = () => {
      by += 5_000;
      return [0, 0, 0];
    };
    await expect(measure(clock)).rejects.toThrow('this clock was set meanwhile');
  });
});

describe('nobody there', () => {
  test('a port where nobody listens: at once', async () => {
    const server = await FakeNtp.start();
    const { port } = server;
    await server.close();
    await expect(measureOffset(hostClock, { host: '127.0.0.1', port })).rejects.toThrow('ECONNREFUSED');
  });

  test('a name without an address', async () => {
    await expect(measureOffset(hostClock, { host: 'no-such-host.invalid', port: 123 })).rejects.toThrow(
      'has no address',
    );
  });

  test('no way there, which node tells the callback and not the listener', async () => {
    // A link-local group without an interface: no host has a route to it.
    const question = { address: 'ff02::1', port: 123, timeoutMs: 5_000, clock: hostClock };
    await expect(exchange(question)).rejects.toBeInstanceOf(NoReply);
  });

  test('a question that is given up', async () => {
    const server = await FakeNtp.start();
    server.reply = () => undefined;
    const ending = new AbortController();
    const asked = exchange({
      address: '127.0.0.1',
      port: server.port,
      timeoutMs: 5_000,
      clock: hostClock,
      signal: ending.signal,
    });
    ending.abort();
    await expect(asked).rejects.toThrow('stopped');
    await expect(
      exchange({
        address: '127.0.0.1',
        port: server.port,
        timeoutMs: 1,
        clock: hostClock,
        signal: ending.signal,
      }),
    ).rejects.toThrow('stopped');
    await server.close();
  });
});
