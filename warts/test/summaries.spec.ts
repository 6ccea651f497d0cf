import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { decode, isSummarizable, summarize } from '../src/index.js';
import type { SummarizableRecord } from '../src/index.js';
import { countReordered, delaysOf, type Arrival } from '../src/summaries/delays.js';
import * as w from './support/writer.js';
import type { Bytes } from './support/writer.js';

const FIXTURES = join(import.meta.dirname, 'fixtures/2026');

function only<Type extends SummarizableRecord['type']>(
  bytes: Uint8Array,
  type: Type,
): Extract<SummarizableRecord, { type: Type }> {
  const found = decode(bytes).records.find(
    (record): record is Extract<SummarizableRecord, { type: Type }> => record.type === type,
  );
  return found!;
}

describe('delays', () => {
  it('have percentiles by rank (RFC 2330, section 11.3)', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => (i + 1) * 1000);
    expect(delaysOf(hundred.toReversed())).toEqual({
      min_ms: 1,
      avg_ms: 50.5,
      median_ms: 50,
      p95_ms: 95,
      p99_ms: 99,
      max_ms: 100,
    });
    // The example of that section: -2, 7, 7, 4, 18, -5 has a 50th percentile of 4 by rank.
    expect(delaysOf([-2000, 7000, 7000, 4000, 18000, -5000])).toMatchObject({
      min_ms: -5,
      median_ms: 4,
      max_ms: 18,
    });
    expect(delaysOf([])).toEqual({
      min_ms: null,
      avg_ms: null,
      median_ms: null,
      p95_ms: null,
      p99_ms: null,
      max_ms: null,
    });
  });

  it('come reordered as RFC 4737, section 10 has it', () => {
    const arriving = (seqs: readonly number[]): Arrival[] =>
      seqs.map((seq, i) => ({ seq, delay_us: 0, at: { sec: 0, usec: i } }));
    // The first two examples there.
    expect(countReordered(arriving([1, 2, 3, 5, 6, 7, 8, 4, 9, 10]))).toBe(1);
    expect(countReordered(arriving([1, 2, 3, 4, 7, 5, 6, 8, 9, 10]))).toBe(2);
    expect(countReordered(arriving([]))).toBe(0);
  });
});

const address = w.ipv4('192.0.2.2');

describe('a summary', () => {
  it('of one-way delay counts what was sent, arrived, arrived twice and arrived late', () => {
    const packet = (seq: number, flags: number, arrivals: readonly number[]): Bytes => [
      ...w.parameters([
        [2, w.time(100, seq * 1000)],
        [3, w.u32(seq)],
        [5, [flags]],
        [6, [arrivals.length]],
      ]),
      ...arrivals.flatMap((usec) => w.parameters([[1, w.time(100, usec)]])),
    ];
    const packets = [
      packet(0, 0, [5000, 4000]), // twice: 4 ms counts
      packet(1, 0, [9000]), // 8 ms, behind packet 2
      packet(2, 0, [3000]), // 1 ms
      packet(3, 0, []), // lost
      packet(4, 1, []), // not sent
    ];
    const body = w.withParameters(
      17,
      [
        [5, address],
        [11, w.u32(0)],
        [14, [1]],
        [22, w.u32(packets.length)],
      ],
      packets.flat(),
    );
    expect(summarize(only(Uint8Array.from(body), 'owamp'))).toEqual({
      type: 'owamp',
      src: null,
      dst: '192.0.2.2',
      start: { sec: 0, usec: 0 },
      direction: 'rx',
      sent: 4,
      received: 3,
      duplicates: 1,
      loss: 0.25,
      // By arrival: 2, 0, 1.
      reordered: 2,
      min_ms: 1,
      avg_ms: 4.333,
      median_ms: 4,
      p95_ms: 8,
      p99_ms: 8,
      max_ms: 8,
    });
  });

  it('of a UDP probe leaves out replies to the probes of other records', () => {
    const reply = (usec: number): Bytes => w.parameters([[1, w.time(10, usec)]]);
    const body = w.withParameters(
      16,
      [
        [5, address],
        [8, w.time(10, 500)],
        [14, [2]],
        [16, [2]],
      ],
      [
        ...reply(1500),
        ...reply(400), // before the probe left
        ...w.parameters([
          [1, w.time(10, 1000)],
          [2, w.u16(9)],
        ]),
      ],
    );
    expect(summarize(only(Uint8Array.from(body), 'udpprobe'))).toMatchObject({
      sent: 2,
      received: 1,
      duplicates: 0,
      strays: 1,
      loss: 0.5,
      reordered: 0,
      median_ms: 1,
    });
  });

  it('of DNS has the code, the answers and the time that the tool prints', () => {
    for (const record of decode(readFileSync(join(FIXTURES, 'host.warts'))).records) {
      if (record.type !== 'host') continue;
      const figures = summarize(record);
      const [query] = record.queries;
      expect(figures.sent).toBe(record.queries.length);
      if (figures.rcode === 'NoError') expect(figures.time_ms).toBeGreaterThan(0);
      expect(figures.answers).toHaveLength(Math.min(32, figures.answer_count));
      if (query?.answers[0]?.data?.kind === 'address') {
        expect(figures.answers[0]).toMatchObject({
          type: 'A',
          data: query.answers[0].data.address.toString(),
        });
      }
    }
  });

  it('of HTTP has the handshake, the first byte, the status and the bytes', () => {
    const part = (kind: number, usec: number, text: string): Bytes =>
      w.parameters([
        [1, [kind]],
        [2, w.time(50, usec)],
        [3, w.u16(text.length)],
        [4, w.latin1(text)],
      ]);
    const parts = [
      part(0x82, 1000, 'hello'), // TLS
      part(0x02, 2000, 'hello!'),
      part(0x81, 3000, 'GET / HTTP/1.1\r\n\r\n\0'),
      part(0x01, 7500, 'HTTP/1.1 404 Not Found\r\n\r\n'),
      part(0x00, 9000, 'body'),
    ];
    const body = w.withParameters(
      15,
      [
        [8, w.time(50, 0)],
        [9, [3]],
        [11, w.text('example.org')],
        [12, w.text('/x')],
        [14, w.u32(parts.length)],
        [15, w.u32(812)],
      ],
      parts.flat(),
    );
    expect(summarize(only(Uint8Array.from(body), 'http'))).toMatchObject({
      url: 'https://example.org/x',
      stop: 'done',
      status: 404,
      handshake_ms: 0.812,
      first_byte_ms: 4.5,
      total_ms: 9,
      // The NUL behind the header did not go over the line.
      bytes_sent: 18,
      bytes_received: 26 + 4,
      tls_bytes_sent: 5,
      tls_bytes_received: 6,
    });
  });

  it('of aliases names the addresses that are of one router', () => {
    const definition = (last: number): Bytes =>
      w.parameters([
        [4, [1]],
        [10, w.ipv4(`192.0.2.${last}`)],
      ]);
    const ally = (result: number): Uint8Array =>
      Uint8Array.from(
        w.withParameters(
          9,
          [
            [4, [2]],
            [5, [result]],
          ],
          [...w.parameters([]), ...definition(1), ...definition(2)],
        ),
      );
    expect(summarize(only(ally(1), 'dealias')).aliases).toEqual([['192.0.2.1', '192.0.2.2']]);
    expect(summarize(only(ally(2), 'dealias'))).toMatchObject({ result: 'not-aliases', aliases: [] });
  });

  it('is there for every type that has figures', () => {
    const files = ['dealias', 'host', 'noroute', 'other', 'owamp', 'ping', 'trace'];
    const types = files.flatMap((name) =>
      decode(readFileSync(join(FIXTURES, `${name}.warts`)))
        .records.filter(isSummarizable)
        .map((record) => summarize(record).type),
    );
    expect([...new Set(types)].sort()).toEqual(
      ['dealias', 'host', 'http', 'neighbourdisc', 'owamp', 'ping', 'trace', 'udpprobe'].sort(),
    );
  });
});
