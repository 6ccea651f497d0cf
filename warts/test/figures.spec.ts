import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FiguresDecoder, type PingFigures } from '../src/index.js';
import { bothWays } from './support/figures.js';
import * as records from './support/records.js';
import * as w from './support/writer.js';
import type { Bytes, Parameter } from './support/writer.js';

const FIXTURES = join(import.meta.dirname, 'fixtures');
const HEAD = [...w.list(1, 7, 'a list'), ...w.cycleStart(1, 1, 9)];
const DST = w.ipv4('192.0.2.9');

const files = readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' }).filter((name) =>
  /\.warts(\.gz)?$/.test(name),
);
const bytesOf = (name: string): Uint8Array => {
  const bytes = readFileSync(join(FIXTURES, name));
  return name.endsWith('.gz') ? gunzipSync(bytes) : bytes;
};

/** An echo reply, or an ICMP message of another type. */
const reply = (seq: number, us: number, type = 0, more: readonly Parameter[] = []): Bytes =>
  w.parameters([[5, [type, 0]], [6, w.u32(us)], [7, w.u16(seq)], [12, DST], ...more]);

const pingOf = (sent: number, replies: readonly Bytes[]): Uint8Array =>
  Uint8Array.from(
    w.withParameters(
      7,
      [
        [15, w.u16(sent)],
        [16, w.u8(0)],
        [20, w.ipv4('192.0.2.1')],
        [21, DST],
      ],
      w.counted(replies),
    ),
  );

function expectSame(bytes: Uint8Array, maxRecordParts?: number): void {
  const { short, whole } = bothWays(bytes, maxRecordParts);
  expect(short).toEqual(whole);
}

describe('the figures of pings', () => {
  it('are those of their records in every fixture', () => {
    const types = new Set<string>();
    for (const name of files) {
      const { short, whole } = bothWays(bytesOf(name));
      if (JSON.stringify(short) !== JSON.stringify(whole)) throw new Error(name);
      for (const { type } of short.records as { type: string }[]) types.add(type);
    }
    expect(files.length).toBeGreaterThan(100);
    expect([...types]).toEqual(expect.arrayContaining(['ping-figures', 'trace', 'list']));
  });

  it('are those of their records in any file, cut anywhere and with any bound of parts', () => {
    const any = fc.array(fc.oneof(records.ping, records.pingOf2026, records.trace), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(any, fc.nat(), fc.integer({ min: 1, max: 40 }), (parts, cut, most) => {
        const bytes = Uint8Array.from([...HEAD, ...parts.flat()]);
        expectSame(bytes);
        expectSame(bytes, most);
        expectSame(bytes.subarray(0, cut % bytes.length));
      }),
      { numRuns: 500 },
    );
  });

  it('are those of their records whatever the replies are, and in what order', () => {
    const one = fc.tuple(fc.nat(5), fc.nat(4_000_000_000), fc.constantFrom(0, 0, 0, 0, 3, 11));
    fc.assert(
      fc.property(fc.array(one, { maxLength: 8 }), fc.boolean(), (replies, isSorted) => {
        const inOrder = isSorted ? replies.toSorted(([a], [b]) => a - b) : replies;
        expectSame(
          pingOf(
            6,
            inOrder.map(([seq, us, type]) => reply(seq, us, type)),
          ),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('say the same of many replies, of none, of one that was not sent, and of parameters that nobody knows', () => {
    const many = Array.from({ length: 300 }, (_, seq) => reply(seq, (seq * 7919) % 1000));
    for (const file of [
      pingOf(300, many),
      pingOf(0, []),
      pingOf(4, []),
      pingOf(2, [reply(0, 1), reply(2, 1)]),
      pingOf(2, [reply(0, 1), reply(1, 1, 3), reply(2, 1)]),
      pingOf(2, [reply(0, 1, 0, [[40, [1, 2, 3]]]), reply(1, 1)]),
      pingOf(2, [reply(1, 1, 0, [[40, [1, 2, 3]]]), reply(0, 1)]),
    ])
      expectSame(file);
  });

  it('do not change when the next ping is read', () => {
    const decoder = new FiguresDecoder();
    const read = [
      ...decoder.push(Buffer.concat([pingOf(2, [reply(0, 5)]), pingOf(2, [reply(1, 7), reply(1, 9)])])),
    ];
    expect(read.map((record) => (record as PingFigures).rtts_us)).toEqual([[5], [7, 9]]);
  });
});
