import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FakeNtp } from '../../../../sntp/test/support/fake.ntp.js';
import { runContext } from '../../../test/support/run.context.js';
import { type Clock, systemClock } from '../../clock/clock.js';
import { PROTOCOL } from '../../protocol/protocol.js';
import { ntp } from './index.js';
import { MAX_SAMPLES, MAX_SERVERS } from '@pladmed/protocol';
import { ntpParams } from '@pladmed/protocol';

type Entry = Record<string, string | number | null>;

/** Its timers run out a hundred times faster: the pauses between questions are not what is tested. */
const hasty: Clock = {
  ...systemClock(),
  setTimer: (run, afterMs) => systemClock().setTimer(run, afterMs / 100),
};

async function measure(params: object, context: Parameters<typeof runContext>[0] = {}): Promise<Entry[]> {
  const content = await ntp.measure(ntpParams.schema.parse(params), runContext({ clock: hasty, ...context }));
  return (JSON.parse(content.toString()) as { exchanges: Entry[] }).exchanges;
}

describe('ntp', () => {
  let server: FakeNtp;

  beforeEach(async () => {
    server = await FakeNtp.start();
  });
  afterEach(() => server.close());

  test('tells what the server says, and how far it is ahead of this clock', async () => {
    server.skewMs = 12_345;
    server.lie = { stratum: 1, referenceId: 'PPS', precision: -23, rootDelayMs: 125, rootDispersionMs: 62.5 };
    const [entry, ...more] = await measure({ ips: ['127.0.0.1'], port: server.port, samples: 2 });
    expect(more).toHaveLength(1);
    expect(entry).toEqual({
      destination: '127.0.0.1',
      address: '127.0.0.1',
      port: server.port,
      resolve_ms: null,
      sent_at: expect.stringMatching(/\.\d{3}Z$/),
      version: 4,
      leap: 0,
      stratum: 1,
      precision: -23,
      root_delay_ms: 125,
      root_dispersion_ms: 62.5,
      reference_id: 'PPS',
      reference_time: expect.stringMatching(/Z$/),
      offset_ms: expect.any(Number),
      error_ms: expect.any(Number),
      delay_ms: expect.any(Number),
      error: null,
    });
    expect(Math.abs(Number(entry!['offset_ms']) - 12_345)).toBeLessThanOrEqual(Number(entry!['error_ms']));
    expect(Number(entry!['error_ms'])).toBeGreaterThan(62.5 + 62.5);
  });

  test('the offset is against the clock as it is', async () => {
    const [entry] = await measure(
      { ips: ['127.0.0.1'], port: server.port, samples: 1 },
      { clock: { ...hasty, now: () => Date.now() + 90_000 } },
    );
    expect(Math.abs(Number(entry!['offset_ms']) + 90_000)).toBeLessThanOrEqual(Number(entry!['error_ms']));
    expect(Date.parse(String(entry!['sent_at']))).toBeGreaterThan(Date.now() + 80_000);
  });

  test('several servers, each as often as was asked for, in order', async () => {
    const resolve = (): Promise<string[]> => Promise.resolve(['127.0.0.1']);
    const entries = await measure(
      { ips: ['127.0.0.1'], fqdns: ['ntp.example', 'time.example'], port: server.port, samples: 3 },
      { resolve },
    );
    const named = ['127.0.0.1', 'ntp.example', 'time.example'].flatMap((name) => [name, name, name]);
    expect(entries.map(({ destination }) => destination)).toEqual(named);
    expect(entries.at(-1)).toMatchObject({
      address: '127.0.0.1',
      resolve_ms: expect.any(Number),
      error: null,
    });
    expect(server.asked).toBe(9);
  });

  test.each([
    ['a kiss-o’-death, and is left alone', { stratum: 0, referenceId: 'RATE' }, 1, 'kiss RATE'],
    ['that it does not know the time', { leap: 3, stratum: 16 }, 2, 'not synchronised'],
    ['that it has no source yet', { leap: 3, stratum: 0, referenceId: '' }, 2, 'not synchronised'],
    ['that it has just started', { leap: 3, stratum: 0, referenceId: 'INIT' }, 2, 'not synchronised'],
    ['that it denies us', { leap: 3, stratum: 0, referenceId: 'DENY' }, 1, 'kiss DENY'],
    ['nothing of the time', { received: 0, transmitted: 0 }, 2, 'no time stamp'],
  ])('a server that says %s', async (_what, lie, asked, error) => {
    server.lie = lie;
    const entries = await measure({ ips: ['127.0.0.1'], port: server.port, samples: 2 });
    expect([entries.length, server.asked]).toEqual([asked, asked]);
    expect(entries[0]).toMatchObject({ error });
    expect(entries[0]).toMatchObject({ offset_ms: null, error_ms: null, delay_ms: null });
  });

  test('a server whose clock nobody sets has an offset, and no bound', async () => {
    // chrony 4.3 with `local stratum 10`
    server.lie = { stratum: 10, referenceId: '127.127.1.1', rootDelayMs: 0, rootDispersionMs: 0 };
    server.skewMs = 3_600_000;
    const [entry] = await measure({ ips: ['127.0.0.1'], port: server.port, samples: 1 });
    expect(entry).toMatchObject({ stratum: 10, error_ms: null, error: 'serves its own clock' });
    expect(Number(entry!['offset_ms'])).toBeCloseTo(3_600_000, -3);
  });

  test('silence, and a port where nobody listens, are findings', async () => {
    server.reply = () => undefined;
    const [silent] = await measure({ ips: ['127.0.0.1'], port: server.port, samples: 1, timeout_s: 1 });
    expect(silent).toMatchObject({ stratum: null, offset_ms: null, error: 'timeout' });
    const gone = await FakeNtp.start();
    const { port } = gone;
    await gone.close();
    const [refused] = await measure({ ips: ['127.0.0.1'], port, samples: 1 });
    expect(refused).toMatchObject({ stratum: null, error: 'ECONNREFUSED' });
  });

  test('what the host denies is not asked', async () => {
    const params = { ips: ['127.0.0.1'], port: server.port };
    await expect(measure(params, { allow: [] })).rejects.toMatchObject({ reason: 'refused' });
    const resolve = (): Promise<string[]> => Promise.resolve(['127.0.0.1']);
    await expect(
      measure({ fqdns: ['ntp.example'], port: server.port }, { allow: [], resolve }),
    ).rejects.toMatchObject({
      reason: 'refused',
    });
    await expect(measure({ ...params, ipv6: '' })).rejects.toMatchObject({ reason: 'bad_params' });
    expect(server.asked).toBe(0);
  });

  test('counts what goes over the wire', async () => {
    let bytes = 0;
    const onWire = (count: number): void => {
      bytes += count;
    };
    await measure({ ips: ['127.0.0.1'], port: server.port, samples: 3 }, { onWire });
    expect(bytes).toBe(3 * 2 * (48 + 28));
  });

  test('ends when the run is ended', async () => {
    server.reply = () => undefined;
    const ending = new AbortController();
    server.delays = () => {
      ending.abort(new Error('over'));
      return [0, 0, 0];
    };
    await expect(
      measure(
        { ips: ['127.0.0.1'], port: server.port, samples: 10, timeout_s: 10 },
        { signal: ending.signal },
      ),
    ).rejects.toThrow('over');
    expect(server.asked).toBe(1);
  });

  test('the longest result fits into a message', () => {
    const longest = 600;
    expect(MAX_SERVERS * MAX_SAMPLES * longest).toBeLessThan(PROTOCOL.maxBatchBytes);
  });

  test.each([
    [{ ips: ['127.0.0.1'], samples: 11 }],
    [{ ips: ['127.0.0.1'], port: 0 }],
    [{ fqdns: ['-x'] }],
    [{ ips: Array.from({ length: 101 }, () => '127.0.0.1') }],
    [
      {
        ips: Array.from({ length: 60 }, () => '127.0.0.1'),
        fqdns: Array.from({ length: 41 }, () => 'a.example'),
      },
    ],
  ])('%j is refused', (bad) => {
    expect(ntpParams.schema.safeParse(bad).success).toBe(false);
  });
});
