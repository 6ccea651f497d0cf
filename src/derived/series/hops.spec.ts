import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hopNumbers, packRtts, unpackRtts } from '../../measurement/formats/rtts.js';
import { Cell, type Observation } from './cell.js';
import { columnsOf } from './columns.js';
import { FIGURES } from './figures.js';
import { MOST_ADDRESSES, MOST_HOPS } from './hops.js';
import { Lists } from './lists.js';

interface DrawnHop {
  address: string | null;
  lost: number;
  rtts: number[];
}

const drawnReport = fc.array(
  fc.record({
    address: fc.option(fc.integer({ min: 1, max: 30 }).map((host) => `192.0.2.${host}`)),
    lost: fc.nat(3),
    // milliseconds, in whole microseconds
    rtts: fc.array(
      fc.integer({ min: 1, max: 300_000 }).map((us) => us / 1000),
      { maxLength: 16 },
    ),
  }),
  { maxLength: 40 },
);

/** As a result stores it: a summary, and beside it the times. */
function observed(report: readonly DrawnHop[]): Observation {
  const hops = report.map(({ address, lost, rtts }) => ({
    address,
    sent: lost + rtts.length,
    received: rtts.length,
  }));
  const entry = { type: 'mtr', destination: 'example.org', hops, error: null };
  const packed = packRtts([hopNumbers(report)]);
  return { entry, rtts: packed && unpackRtts(packed, [entry])[0] };
}

const cellOf = (reports: readonly DrawnHop[][]): Cell => {
  const cell = new Cell(FIGURES.mtr);
  for (const report of reports) cell.add(observed(report));
  return cell;
};
const figuresOf = (cell: Cell) => {
  const columns = columnsOf('mtr').filter((column) => column.from === 'hops');
  return cell.hops.list().map((hop) => {
    const lists = new Lists(columns, 1);
    lists.put(0, hop);
    return lists.values();
  });
};

describe('hops of a path', () => {
  it('have the packets, the loss, the addresses and the times of all reports', () => {
    const cell = cellOf([
      [
        { address: '192.0.2.1', lost: 0, rtts: [1, 2, 3] },
        { address: null, lost: 3, rtts: [] },
        { address: '192.0.2.9', lost: 1, rtts: [10, 20] },
      ],
      [
        { address: '192.0.2.2', lost: 1, rtts: [4, 6] },
        { address: '192.0.2.9', lost: 0, rtts: [12, 13, 14] },
      ],
    ]);
    const [first, second, third] = figuresOf(cell);
    // of 1, 2, 3, 4 and 6 ms: quantile q is the value of rank ceil(5 q); their variance is 2.96
    expect(first).toEqual({
      ...{ hop_sent: [6], hop_received: [5], hop_loss: [0.166667] },
      hop_addresses: { '192.0.2.1': [1], '192.0.2.2': [1] },
      ...{ hop_rtt_count: [5], hop_rtt_min_ms: [1], hop_rtt_max_ms: [6], hop_rtt_mean_ms: [3.2] },
      ...{ hop_rtt_p5_ms: [1], hop_rtt_p25_ms: [2], hop_rtt_p50_ms: [3], hop_rtt_p75_ms: [4] },
      ...{ hop_rtt_p95_ms: [6], hop_rtt_p99_ms: [6], hop_rtt_stddev_ms: [1.72] },
    });
    expect(second).toMatchObject({ hop_sent: [6], hop_loss: [0.5], hop_addresses: { '192.0.2.9': [1] } });
    expect(third).toMatchObject({ hop_sent: [3], hop_received: [2], hop_rtt_mean_ms: [15] });
  });

  it('are null without a packet or an answer', () => {
    const [hop] = figuresOf(cellOf([[{ address: null, lost: 0, rtts: [] }]]));
    expect(hop).toMatchObject({ hop_sent: [0], hop_loss: [null], hop_addresses: {}, hop_rtt_p50_ms: [null] });
  });

  it('come to the same in whatever order and parts the reports are added up', () => {
    const property = fc.property(fc.array(fc.tuple(drawnReport, fc.nat(2)), { maxLength: 12 }), (reports) => {
      const whole = cellOf(reports.map(([report]) => report)).pack();
      const parts = [0, 1, 2].map((part) =>
        cellOf(reports.filter(([, own]) => own === part).map(([report]) => report)).pack(),
      );
      expect(new Cell(FIGURES.mtr).sumOf(parts.reverse()).equals(whole)).toBe(true);
      const read = new Cell(FIGURES.mtr);
      read.absorb(whole);
      expect(figuresOf(read)).toEqual(figuresOf(cellOf(reports.map(([report]) => report))));
    });
    fc.assert(property, { numRuns: 60 });
  });

  it('are bounded: so many hops, and so many addresses of each', () => {
    const path = (host: number) =>
      Array.from({ length: 256 }, () => ({ address: `2001:db8::${host.toString(16)}`, lost: 0, rtts: [1] }));
    const cell = cellOf(Array.from({ length: 100 }, (_, host) => path(host)));
    expect(cell.hops.length).toBe(MOST_HOPS);
    const [hop] = figuresOf(cell);
    const addresses = hop?.['hop_addresses'] as Record<string, number[]>;
    expect(Object.keys(addresses)).toHaveLength(MOST_ADDRESSES + 1);
    expect(addresses['other']).toEqual([100 - MOST_ADDRESSES]);
    expect(hop).toMatchObject({ hop_sent: [100], hop_rtt_count: [100] });
  });

  it('leave cells as they are that were written before there were any, and take what is none for none', () => {
    const before = cellOf([[{ address: '192.0.2.1', lost: 0, rtts: [5] }]]);
    before.hops.reset();
    const packed = before.pack();
    const cell = new Cell(FIGURES.mtr);
    // without the number of hops, which is 0
    cell.absorb(packed.subarray(0, -1));
    expect([cell.entries, cell.hops.length]).toEqual([1, 0]);
    cell.add({ entry: { type: 'mtr', hops: [null, 5, { sent: 'x', received: -1, address: 7 }] } });
    expect(figuresOf(cell)).toMatchObject([{ hop_sent: [0] }, { hop_sent: [0] }, { hop_loss: [null] }]);
  });
});
