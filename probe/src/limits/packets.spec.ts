import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FakeClock } from '../../test/support/fake.clock.js';
import { type Lease, PacketPacer } from './packets.js';

const settle = (): Promise<void> => new Promise(setImmediate);
const signal = new AbortController().signal;

describe('turns', () => {
  test('of all runs together keep to the rate', async () => {
    const clock = new FakeClock(0);
    const pacer = new PacketPacer(clock, () => ({ packetsPerSecond: 50, concurrentRuns: 8 }));
    const sent: number[] = [];
    for (const run of [pacer.forRun(signal), pacer.forRun(signal)]) {
      void (async () => {
        for (let count = 0; count < 200; count++) {
          await run.turn();
          sent.push(clock.monotonic());
        }
      })();
    }
    await clock.pass(2_000, settle);
    expect(sent.length).toBeGreaterThanOrEqual(100);
    expect(sent.length).toBeLessThanOrEqual(102);
  });

  test('a connection takes several', async () => {
    const clock = new FakeClock(0);
    const run = new PacketPacer(clock, () => ({ packetsPerSecond: 10, concurrentRuns: 1 })).forRun(signal);
    await run.turn(5);
    let isNext = false;
    void run.turn().then(() => {
      isNext = true;
    });
    await clock.pass(450, settle);
    expect(isNext).toBe(false);
    await clock.pass(60, settle);
    expect(isNext).toBe(true);
  });

  test('go on without a run that is over', async () => {
    const clock = new FakeClock(0);
    const pacer = new PacketPacer(clock, () => ({ packetsPerSecond: 1, concurrentRuns: 1 }));
    const over = new AbortController();
    await pacer.forRun(signal).turn();
    const dropped = pacer.forRun(over.signal).turn();
    const next = pacer.forRun(signal).turn();
    over.abort(new Error('its time is over'));
    await expect(dropped).rejects.toThrow('its time is over');
    await clock.pass(1_000, settle);
    await next;
    await expect(pacer.forRun(over.signal).turn()).rejects.toThrow('its time is over');
  });
});

describe('leases', () => {
  test('and turns never exceed the rate, whatever the limits and however they change', async () => {
    const limits = fc.record({
      packetsPerSecond: fc.integer({ min: 1, max: 300 }),
      concurrentRuns: fc.integer({ min: 1, max: 100 }),
    });
    const change = fc.oneof(limits, fc.constantFrom('lease' as const, 'give back' as const));
    await fc.assert(
      fc.asyncProperty(limits, fc.array(change, { maxLength: 40 }), async (first, changes) => {
        let current = first;
        const pacer = new PacketPacer(new FakeClock(0), () => current);
        const held: Lease[] = [];
        for (const each of changes) {
          const before = held.length;
          if (each === 'lease')
            void pacer
              .forRun(signal)
              .lease()
              .then((lease) => held.push(lease));
          else if (each === 'give back') held.shift()?.giveBack();
          else current = each;
          await settle();
          const sum = held.reduce((total, { packetsPerSecond }) => total + packetsPerSecond, 0);
          // What was leased before the host lowered the rate runs on; nothing is added to it.
          if (held.length > before) expect(sum).toBeLessThanOrEqual(current.packetsPerSecond);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('leave the rest to the turns', async () => {
    const clock = new FakeClock(0);
    const pacer = new PacketPacer(clock, () => ({ packetsPerSecond: 100, concurrentRuns: 4 }));
    const leases = await Promise.all([1, 2, 3].map(() => pacer.forRun(signal).lease()));
    expect(leases.map(({ packetsPerSecond }) => packetsPerSecond)).toEqual([25, 25, 25]);
    let sent = 0;
    void (async () => {
      for (;;) {
        await pacer.forRun(signal).turn();
        sent++;
      }
    })();
    await clock.pass(4_000, settle);
    expect(sent).toBeGreaterThanOrEqual(100);
    expect(sent).toBeLessThanOrEqual(102);
    for (const lease of leases) lease.giveBack();
    leases[0]!.giveBack();
    sent = 0;
    await clock.pass(1_000, settle);
    expect(sent).toBeGreaterThanOrEqual(99);
    expect(sent).toBeLessThanOrEqual(102);
  });

  test('one that does not fit waits until another is given back', async () => {
    let rate = 40;
    const pacer = new PacketPacer(new FakeClock(0), () => ({ packetsPerSecond: rate, concurrentRuns: 2 }));
    const first = await pacer.forRun(signal).lease();
    rate = 20;
    let second: Lease | null = null;
    void pacer
      .forRun(signal)
      .lease()
      .then((lease) => {
        second = lease;
      });
    await settle();
    expect(second).toBeNull();
    first.giveBack();
    await settle();
    expect(second).toMatchObject({ packetsPerSecond: 10 });
  });
});
