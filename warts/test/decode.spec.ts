import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  decode,
  decodeStream,
  dumpRows,
  jsonLines,
  recordToObject,
  summarize,
  WartsError,
} from '../src/index.js';
import type { WartsRecord } from '../src/index.js';
import * as other from './support/other-records.js';
import * as records from './support/records.js';
import * as w from './support/writer.js';
import type { Bytes } from './support/writer.js';

const HEAD = [...w.list(1, 7, 'a list'), ...w.cycleStart(1, 1, 9)];
const anyRecord = fc.oneof(records.ping, records.trace, other.tracelb, other.dealias, other.tbit);
const file = fc
  .array(anyRecord, { minLength: 1, maxLength: 3 })
  .map((parts) => Uint8Array.from([...HEAD, ...parts.flat()]));

function ofBytes(...parts: Bytes[]): Uint8Array {
  return Uint8Array.from([...HEAD, ...parts.flat()]);
}

/** Everything that can be done with a file; whatever is thrown escapes. */
function useAll(bytes: Uint8Array): WartsRecord[] {
  const { records: decoded, error } = decode(bytes);
  if (error !== undefined) expect(error).toBeInstanceOf(WartsError);
  jsonLines(bytes);
  dumpRows(bytes);
  for (const record of decoded) {
    recordToObject(record);
    if (record.type === 'ping' || record.type === 'trace') summarize(record);
  }
  return decoded;
}

async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.slice(at, at + size));
}

describe('decode', () => {
  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void useAll(bytes)),
      { numRuns: 300 },
    );
  });

  it('survives any bytes as the body of any record', () => {
    const body = fc.tuple(
      fc.integer({ min: 1, max: 12 }),
      fc.array(fc.nat(255), { minLength: 1, maxLength: 200 }),
    );
    fc.assert(
      fc.property(body, ([type, bytes]) => void useAll(ofBytes(w.record(type, bytes)))),
      { numRuns: 1000 },
    );
  });

  it('survives a changed byte, and gives JSON that can be parsed', () => {
    const changed = fc.tuple(file, fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(changed, ([bytes, at, value]) => {
        bytes[HEAD.length + (at % (bytes.length - HEAD.length))] = value;
        useAll(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it('gives of a prefix a prefix of the whole', () => {
    fc.assert(
      fc.property(file, fc.nat(), (bytes, at) => {
        const whole = decode(bytes).records;
        const part = useAll(bytes.slice(0, at % bytes.length));
        expect(part).toEqual(whole.slice(0, part.length));
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same from a stream in chunks of any size', async () => {
    await fc.assert(
      fc.asyncProperty(file, fc.integer({ min: 1, max: 99 }), async (bytes, size) => {
        const streamed: WartsRecord[] = [];
        const whole = decode(bytes);
        const reading = (async (): Promise<void> => {
          for await (const record of decodeStream(chunks(bytes, size))) streamed.push(record);
        })();
        await (whole.error === undefined ? reading : expect(reading).rejects.toThrow(whole.error.message));
        expect(streamed).toEqual(whole.records);
      }),
      { numRuns: 100 },
    );
  });

  it('gives the same from any kind of stream', async () => {
    const bytes = ofBytes(...fc.sample(records.ping, { numRuns: 3, seed: 5 }));
    expect(decode(bytes).records).toHaveLength(5);
    const web = (): ReadableStream<Uint8Array> => new Blob([Uint8Array.from(bytes)]).stream();
    // A browser that cannot iterate streams has the reader alone.
    const old = { getReader: () => web().getReader() };
    for (const source of [chunks(bytes, 7), web(), old]) {
      const streamed: WartsRecord[] = [];
      for await (const record of decode(source)) streamed.push(record);
      expect(streamed).toEqual(decode(bytes).records);
    }
  });

  it('says in which record and at which byte it stopped, and keeps what came before', () => {
    const { records: decoded, error } = decode(ofBytes(w.record(7, [0, 0, 0])));
    expect(decoded.map(({ type }) => type)).toEqual(['list', 'cycle-start']);
    expect(error).toMatchObject({ name: 'WartsError', code: 'malformed', recordIndex: 2 });
    expect(error?.offset).toBeGreaterThanOrEqual(HEAD.length + 8);
  });

  it('copies what it decodes, of a Buffer as well', () => {
    const params: w.Parameter[] = [
      [8, w.u16(3)],
      [9, [1, 2, 3]],
      [21, w.ipv4('192.0.2.2')],
    ];
    const bytes = Buffer.from(ofBytes(w.withParameters(7, params, w.u16(0))));
    const last = decode(bytes).records.at(-1);
    bytes.fill(0);
    expect(last?.type === 'ping' && last.data).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('calls what is no warts by its name', () => {
    for (const bytes of [[], [0x12], [1, 2, 3, 4, 5, 6, 7, 8, 9]]) {
      expect(decode(Uint8Array.from(bytes)).error?.code).toBe('not-warts');
    }
  });

  it('reports records of other types by their length', () => {
    expect(decode(ofBytes(w.record(99, [1, 2, 3]))).records.at(-1)).toEqual({
      type: 'skipped',
      wartsType: 99,
      length: 3,
    });
  });

  it('reads addresses of the deprecated dictionary', () => {
    const dictionary = [w.record(5, [1, 1, 192, 0, 2, 1]), w.record(5, [2, 1, 192, 0, 2, 2])];
    const ping = w.withParameters(
      7,
      [
        [3, w.u32(1)],
        [4, w.u32(2)],
      ],
      w.u16(0),
    );
    const last = decode(ofBytes(...dictionary, ping)).records.at(-1);
    expect(last?.type === 'ping' && [last.src?.toString(), last.dst.toString()]).toEqual([
      '192.0.2.1',
      '192.0.2.2',
    ]);
  });
});

describe('limits', () => {
  const ping = w.withParameters(
    7,
    [
      [20, w.ipv4('192.0.2.1')],
      [21, w.ipv4('192.0.2.2')],
    ],
    w.u16(0),
  );
  const ten = ofBytes(...Array.from({ length: 10 }, () => ping));

  it.each([
    ['maxRecords', { maxRecords: 5 }],
    ['maxBytes', { maxBytes: HEAD.length + 3 * ping.length }],
    ['maxRecordBytes', { maxRecordBytes: 18 }],
    ['deadlineMs', { deadlineMs: -1 }],
  ])('stops at %s', (_, limits) => {
    const { records: decoded, error } = decode(ten, limits);
    expect(decoded.length).toBeLessThan(12);
    expect(error?.code).toBe('limit');
  });

  it('refuses a record that says it has four gigabytes without waiting for them', () => {
    expect(decode(ofBytes([0x12, 0x05, 0, 7, 255, 255, 255, 255, 0])).error?.code).toBe('limit');
  });

  it('skips over a record of four gigabytes that it would not read anyway', () => {
    expect(decode(ofBytes([0x12, 0x05, 0, 99, 255, 255, 255, 255, 0])).error?.code).toBe('truncated');
  });

  it('bounds what counts in the billions can allocate', () => {
    const dealias = w.withParameters(9, [[4, [3]]], [...w.parameters([[1, w.u32(0xffffffff)]]), 0, 0, 0]);
    const probes = w.withParameters(
      9,
      [
        [4, [1]],
        [6, w.u32(0xffffffff)],
      ],
      [0, 0, 0, 0],
    );
    for (const bytes of [dealias, probes]) expect(decode(ofBytes(bytes)).error?.code).toBe('malformed');
    const links = Array.from({ length: 200_000 }, () => 0);
    const tracelb = w.withParameters(
      8,
      [
        [16, w.u16(65535)],
        [17, w.u16(65535)],
      ],
      links,
    );
    expect(decode(ofBytes(tracelb), { maxRecordParts: 1000 }).error).toBeInstanceOf(WartsError);
  });

  describe('small files that would be read for hours or fill the memory', () => {
    const trace = (hops: number, rest: w.Bytes): w.Bytes =>
      w.withParameters(6, [[27, w.ipv4('192.0.2.1')]], [...w.u16(hops), ...rest]);
    const times = (count: number, unit: w.Bytes): number[] =>
      Array.from({ length: count }, () => unit).flat();
    const hop = w.parameters([
      [2, [1]],
      [18, w.ipv4('1.1.1.1')],
    ]);

    it.each<[string, w.Bytes]>([
      // Each attribute says that it has 4 bytes, and holds a text up to the record's end.
      [
        'attributes within each other',
        trace(1, [...hop, ...times(9000, [0x30, 4, 0x20, 1, 1, 255]), 0, 0, 0]),
      ],
      [
        'extensions within each other',
        trace(2000, [...times(2000, [0x82, 0x80, 0x0c, 0, 7, 1, 60, 1, 59, 253, 1, 2]), ...times(1300, hop)]),
      ],
      [
        'packets within each other',
        w.withParameters(
          11,
          [
            [4, w.ipv4('192.0.2.1')],
            [5, w.ipv4('192.0.2.2')],
            [17, w.u32(2000)],
          ],
          [
            ...times(
              2000,
              w.parameters([
                [1, [1]],
                [3, w.u16(60_000)],
                [4, []],
              ]),
            ),
            ...times(60_000, [0]),
          ],
        ),
      ],
      [
        'labels beyond number',
        trace(
          9,
          times(9, [
            ...[0x82, 0x80, 0x0c, 255, 255],
            ...[1, ...w.u16(65_524), ...w.u16(65_520), 1, 1],
            ...times(65_520, [0]),
            ...w.ipv4('1.1.1.1'),
            ...[0, 0],
          ]),
        ),
      ],
    ])('%s', (_, record) => {
      const { records: decoded, error } = decode(ofBytes(record));
      expect(decoded.map(({ type }) => type)).toEqual(['list', 'cycle-start']);
      expect(error?.code).toBe('limit');
    });

    it('a long name that many cycles repeat', () => {
      const cycles = Array.from({ length: 70 }, (_, i) => w.cycleStart(i + 1, 1, 1)).flat();
      const bytes = Uint8Array.from([...w.list(1, 1, 'n'.repeat(1_000_000)), ...cycles]);
      expect(decode(bytes).error?.code).toBe('limit');
    });
  });
});
