import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { writeDocument, mtrDocument } from '@pladmed/protocol';
import { pathFigures, rttFigures } from '../../formats/hop-figures.js';
import { FORMATS } from '../result-formats.js';
import { mtr } from './mtr.kind.js';
import { mtrSummary } from './mtr.summary.js';

const replies = (...rtts: number[]) =>
  rtts.map((rtt_ms, index) => ({ packet: index + 1, address: '192.0.2.1', rtt_ms }));

const REPORT = {
  ...{ destination: 'example.org', address: '192.0.2.9', resolve_ms: 3, source: '192.0.2.10' },
  ...{ sent_at: '2026-01-01T00:00:00.000Z', packets: 3, reached: true, stop_reason: 'COMPLETED' },
  hops: [
    { ttl: 1, sent: 3, replies: replies(1, 3, 2) },
    { ttl: 2, sent: 3, replies: [] },
    // the second packet was answered twice
    {
      ttl: 3,
      sent: 3,
      replies: [1, 2, 2].map((packet, index) => ({ packet, address: '192.0.2.9', rtt_ms: 10 * (index + 1) })),
    },
  ],
  error: null,
};

const digest = async (...reports: object[]) =>
  FORMATS.mtr.digest(Buffer.from(writeDocument(mtrDocument, reports)));

describe('mtr', () => {
  it('costs what a traceroute does, and sends its packets to the destination', () => {
    expect(mtr.unitCost).toBe(15);
    expect(mtr.strikes({ packets: 7 }, ['192.0.2.1'])).toEqual([{ host: '192.0.2.1', packets: 7 }]);
    expect(mtr.params.defaults).toMatchObject({ packets: 3, protocol: 'icmp', port: 80 });
    expect(() => mtr.check({ ips: ['192.0.2.1'], packets: 17 }, 'refuse')).toThrow('1 to 16');
  });

  it('has loss and times of each hop, and of the destination', async () => {
    const { summary } = await digest(REPORT);
    expect(summary).toEqual([
      {
        ...{ type: 'mtr', destination: 'example.org', dst: '192.0.2.9', resolve_ms: 3, reached: true },
        ...{ hop_count: 3, path: ['192.0.2.1', null, '192.0.2.9'], path_hash: expect.any(String) },
        ...{ loss: 0.3333, rtt_min_ms: 10, rtt_avg_ms: 15, rtt_median_ms: 15, rtt_max_ms: 20 },
        ...{ rtt_stddev_ms: 5, error: null },
        hops: [
          {
            ...{ address: '192.0.2.1', name: null, asn: [], sent: 3, received: 3, loss: 0 },
            ...{ rtt_min_ms: 1, rtt_avg_ms: 2, rtt_max_ms: 3, rtt_stddev_ms: 0.816 },
          },
          {
            ...{ address: null, name: null, asn: [], sent: 3, received: 0, loss: 1 },
            ...{ rtt_min_ms: null, rtt_avg_ms: null, rtt_max_ms: null, rtt_stddev_ms: null },
          },
          {
            ...{ address: '192.0.2.9', name: null, asn: [], sent: 3, received: 2, loss: 0.3333 },
            ...{ rtt_min_ms: 10, rtt_avg_ms: 15, rtt_max_ms: 20, rtt_stddev_ms: 5 },
          },
        ],
      },
    ]);
    expect(mtrSummary.safeParse(summary[0]).error).toBeUndefined();
  });

  it.each([
    ['that did not answer', { reached: false, hops: REPORT.hops.slice(0, 2) }, 1],
    ['to which nothing was sent', { reached: false, hops: [], error: 'no_family', stop_reason: null }, null],
  ])('says of a destination %s what its loss is', async (_what, members, loss) => {
    const { summary } = await digest({ ...REPORT, ...members });
    expect(summary[0]).toMatchObject({ reached: false, loss, rtt_avg_ms: null });
    expect(mtrSummary.safeParse(summary[0]).error).toBeUndefined();
  });

  it('an entry that cannot be read costs that entry', async () => {
    const raw = JSON.stringify({ version: 1, reports: [{ ...REPORT, hops: 5 }, REPORT] });
    const { summary, error } = await FORMATS.mtr.digest(Buffer.from(raw));
    expect(summary.map(({ type, reached }) => [type, reached])).toEqual([
      ['mtr', undefined],
      ['mtr', true],
    ]);
    expect(error).toContain('reports.0.hops');
  });

  // mtr(8), "Loss%", "Snt", "Avg", "Best", "Wrst": of the packets of a hop; and its StDev by one packet less (net.c, net_stdev)
  it('has the figures of a hop as mtr(8) defines them', async () => {
    const hop = fc.record({
      sent: fc.integer({ min: 1, max: 16 }),
      rtts: fc.array(fc.integer({ min: 1, max: 2_000_000 }), { maxLength: 16 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(hop, { minLength: 1, maxLength: 6 }), async (path) => {
        const probed = path.map(({ sent, rtts }, index) => ({
          ...{ ttl: index + 1, sent },
          replies: replies(...rtts.slice(0, sent).map((us) => us / 1000)),
        }));
        const { summary } = await digest({ ...REPORT, hops: probed });
        const { hops } = summary[0] as unknown as { hops: Record<string, number>[] };
        for (const [index, figures] of hops.entries()) {
          const { sent, replies: answers } = probed[index]!;
          const times = answers.map(({ rtt_ms }) => rtt_ms);
          const [count, sum] = [times.length, times.reduce((all, time) => all + time, 0)];
          expect([figures['sent'], figures['received']]).toEqual([sent, count]);
          expect(figures['loss']).toBeCloseTo((sent - count) / sent, 4);
          if (count === 0) continue;
          expect([figures['rtt_min_ms'], figures['rtt_max_ms']]).toEqual([
            Math.min(...times),
            Math.max(...times),
          ]);
          expect(figures['rtt_avg_ms']).toBeCloseTo(sum / count, 2);
          const squares = times.reduce((all, time) => all + (time - sum / count) ** 2, 0);
          const ofSample = count > 1 ? Math.sqrt(squares / (count - 1)) : 0;
          expect((figures['rtt_stddev_ms'] ?? NaN) * Math.sqrt(count / Math.max(1, count - 1))).toBeCloseTo(
            ofSample,
            2,
          );
        }
      }),
      { numRuns: 50 },
    );
  });

  it('keeps least <= mean, median <= most, for all times', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }), (rtts) => {
        const { rtt_min_ms, rtt_avg_ms, rtt_median_ms, rtt_max_ms } = rttFigures(rtts);
        const [least, most] = [rtt_min_ms ?? NaN, rtt_max_ms ?? NaN];
        return [rtt_avg_ms, rtt_median_ms].every((value) => least <= value! && value! <= most);
      }),
    );
    expect(pathFigures([], false)).toMatchObject({ hop_count: 0, path: [], loss: null });
  });
});
