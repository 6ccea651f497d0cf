import { describe, expect, it } from '@jest/globals';
import { hopsOf, lastUpTo, type Trace, tracesOf } from '../../web/src/operation/trace-data.js';
import { logTicksOf, scaleOf, ticksOf, timeTicksOf } from '../../web/src/plots/scales.js';

const result = (id: string, at: string, more: object = {}) => ({
  id,
  probe_id: 'p',
  scheduled_at: at,
  received_at: '2026-01-01T09:00:00.000Z',
  summary: [
    {
      ...{ type: 'trace', destination: 'example.org', dst: '192.0.2.1', path_hash: id, reached: true },
      ...{ path: ['10.0.0.1', null, '192.0.2.1'], rtt_ms: 3, ...more },
    },
  ],
});

describe('traces of a page', () => {
  const traces = tracesOf([
    result('a', '2026-01-01T00:00:00.000Z'),
    result('b', '2026-01-01T00:01:00.000Z'),
    { ...result('c', '2026-01-01T00:02:00.000Z'), probe_id: 'q' },
  ]);

  it('are the last of each probe up to a time', () => {
    const ids = (at?: string) => lastUpTo(traces, at).map(({ result: id }) => id);
    expect(ids()).toEqual(['b', 'c']);
    expect(ids('2026-01-01T00:01:00.000Z')).toEqual(['b']);
    expect(ids('2026-01-01T00:00:59.000Z')).toEqual(['a']);
    expect(ids('2025-12-31T00:00:00.000Z')).toEqual([]);
  });

  it('have times and labels of each TTL, by the record of the address that was measured', () => {
    const trace = traces[0] as Trace;
    const mpls = { ie_cn: 1, ie_ct: 1, mpls_labels: [{ mpls_label: 24_001 }, { mpls_label: 7 }] };
    const decoded = [
      { type: 'trace', dst: '192.0.2.9', hops: [{ probe_ttl: 1, addr: '10.9.9.9', rtt: 99 }] },
      {
        type: 'trace',
        dst: '192.0.2.1',
        hops: [
          { probe_ttl: 1, addr: '10.0.0.1', rtt: 0.5, icmpext: [mpls] },
          { probe_ttl: 1, addr: '10.0.0.1', rtt: 0.7 },
          { probe_ttl: 3, addr: '192.0.2.1', rtt: 3, name: 'end.example' },
        ],
      },
    ];
    const [first, second, third] = hopsOf(trace, decoded);
    expect(first).toMatchObject({ ttl: 1, address: '10.0.0.1', rtts: [0.5, 0.7], labels: [24_001, 7] });
    expect(second).toMatchObject({ ttl: 2, address: null, rtts: [], labels: [], loss: null });
    expect(third).toMatchObject({ ttl: 3, name: 'end.example', rtts: [3] });
  });

  it('show what a summary says where the raw bytes are not there, or are anything', () => {
    const trace = traces[0] as Trace;
    for (const decoded of [null, undefined, 'text', [], [{ type: 'trace', dst: '192.0.2.1', hops: 'none' }]])
      expect(hopsOf(trace, decoded).map(({ address, rtts }) => [address, rtts])).toEqual([
        ['10.0.0.1', []],
        [null, []],
        ['192.0.2.1', []],
      ]);
    const [mtr] = tracesOf([
      result('m', '2026-01-01T00:00:00.000Z', { type: 'mtr', hops: [{ loss: 0.25, rtt_avg_ms: 2 }] }),
    ]);
    expect(hopsOf(mtr as Trace, null)[0]).toMatchObject({ loss: 0.25, rtts: [2] });
  });
});

describe('scales of a plot', () => {
  it('put values where they belong, also those of one value', () => {
    const linear = scaleOf([10, 20], [0, 100]);
    expect([linear(10), linear(15), linear(20)]).toEqual([0, 50, 100]);
    expect(scaleOf([1, 1000], [0, 300], true)(10)).toBeCloseTo(100);
    expect(scaleOf([1, 1000], [0, 300], true)(0)).toBe(0);
    expect(scaleOf([5, 5], [0, 100])(5)).toBe(0);
  });

  it('have round ticks', () => {
    expect(ticksOf([0, 50], 5)).toEqual([0, 10, 20, 30, 40, 50]);
    expect(ticksOf([0.12, 0.31], 4)).toEqual([0.15, 0.2, 0.25, 0.3]);
    expect(ticksOf([7, 7], 4).length).toBeGreaterThan(0);
    expect(logTicksOf([0.5, 2000])).toEqual([1, 10, 100, 1000]);
    const hour = 3_600;
    const ticks = timeTicksOf([1_000 * hour + 60, 1_006 * hour], 6);
    // whole hours of the reader's zone
    expect(ticks.map((tick) => new Date(tick * 1_000).getMinutes())).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
