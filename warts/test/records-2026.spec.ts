import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { decode, jsonLines, recordToJson, WartsError } from '../src/index.js';
import type { DealiasRecord, HttpRecord, PingRecord, SniffRecord, StingRecord } from '../src/index.js';
import { generator } from './support/planned-pings.js';
import * as w from './support/writer.js';
import type { Bytes } from './support/writer.js';

const FIXTURES = join(import.meta.dirname, 'fixtures/2026');
const FILES = readdirSync(FIXTURES).filter((name) => name.endsWith('.warts'));
const read = (name: string): Uint8Array => readFileSync(join(FIXTURES, name));
const withoutLocalTime = (line: string): string => line.replace(/"ftime":"[^"]*"/g, '"ftime":""');

/** What sc_warts2json of scamper 20260420 prints, by file. */
const TOOL = new Map(
  gunzipSync(readFileSync(join(FIXTURES, 'expected.txt.gz')))
    .toString()
    .split('== ')
    .slice(1)
    .map((section): [string, string[]] => {
      const [name = '', ...lines] = section.trimEnd().split('\n');
      return [name, lines.map(withoutLocalTime)];
    }),
);

describe('the JSON of scamper 20260420', () => {
  it.each(FILES)('%s', (name) => {
    const { lines, error } = jsonLines(read(name), {}, '2026');
    expect(error).toBeUndefined();
    const tool = TOOL.get(name)!;
    // The tool ends at the first record of MIDAR, which it does not print; here the file goes on.
    const ours = name === 'dealias.warts' ? lines.slice(0, tool.length) : lines;
    expect(ours.map(withoutLocalTime)).toEqual(tool);
  });

  it('of 210 pings with errors, duplicates and losses', () => {
    const [warts, json] = ['planned-pings.warts.gz', 'planned-pings.json.gz'].map((name) =>
      gunzipSync(readFileSync(join(FIXTURES, name))),
    );
    expect(jsonLines(warts!, {}, '2026').lines).toEqual(json!.toString().trimEnd().split('\n'));
  });

  it('of 288 random records with any parameters, of every type', () => {
    const [warts, json] = ['random.warts.gz', 'random.json.gz'].map((name) =>
      gunzipSync(readFileSync(join(FIXTURES, name))),
    );
    const { lines, error } = jsonLines(warts!, {}, '2026');
    expect(error).toBeUndefined();
    const expected = json!.toString().trimEnd().split('\n');
    expect(lines.map(withoutLocalTime)).toEqual(expected.map(withoutLocalTime));
  });

  it('has a word for DNS answers of each code, also of those that are not assigned', () => {
    const query = (rcode: number): readonly number[] =>
      w.parameters([
        [2, w.time(1_700_000_000, 5)],
        [7, w.u8(rcode)],
      ]);
    const host = w.withParameters(
      14,
      [
        [5, w.ipv4('192.0.2.1')],
        [6, w.time(1_700_000_000, 0)],
        [14, w.u8(3)],
      ],
      [0, 11, 12].flatMap(query),
    );
    const [line = ''] = jsonLines(Uint8Array.from(host), {}, '2026').lines;
    const { queries } = JSON.parse(line) as { queries: { rcode: string }[] };
    expect(queries.map(({ rcode }) => rcode)).toEqual(['NoError', 'DSOTYPENI', '(null)']);
  });

  it('is JSON also where that of the tool is not', () => {
    const ping = w.withParameters(
      7,
      [
        [8, w.u16(600)],
        [9, Array<number>(600).fill(0xa5)],
        [21, w.ipv4('192.0.2.1')],
        [24, [2, ...w.ipv4('192.0.2.2'), ...w.ipv4('192.0.2.3')]],
        [34, w.text('a "b" \\ c\u0001d')],
      ],
      w.u16(0),
    );
    const [line = ''] = jsonLines(Uint8Array.from(ping), {}, '2026').lines;
    expect(JSON.parse(line)).toMatchObject({
      pattern: 'a5'.repeat(600),
      probe_tsps: ['192.0.2.2', '192.0.2.3'],
      errmsg: 'a "b" \\ c',
    });
  });
});

interface Expected {
  files: Record<string, { record_types: number[]; python?: Record<string, unknown>[] }>;
}
const EXPECTED = JSON.parse(readFileSync(join(FIXTURES, 'expected.json'), 'utf8')) as Expected;
const TYPES: Record<number, string> = {
  1: 'list',
  2: 'cycle-start',
  4: 'cycle-stop',
  6: 'trace',
  7: 'ping',
  8: 'tracelb',
  9: 'dealias',
  10: 'neighbourdisc',
  11: 'tbit',
  13: 'sniff',
  14: 'host',
  15: 'http',
  16: 'udpprobe',
  17: 'owamp',
};

describe('records', () => {
  it.each(Object.keys(EXPECTED.files))('of every type are read: %s', (name) => {
    const { records, error } = decode(read(name));
    expect(error).toBeUndefined();
    expect(records.map(({ type }) => type)).toEqual(
      EXPECTED.files[name]!.record_types.map((number) => TYPES[number]),
    );
    for (const record of records) expect(record).not.toHaveProperty('unknown_parameters');
  });

  it('of MIDAR have their rounds and schedule', () => {
    const methods = decode(read('dealias.warts'))
      .records.filter((record): record is DealiasRecord => record.type === 'dealias')
      .map(({ method, probes }) => [method.name, probes.length]);
    // Their numbers of probes by the Python module, in expected.json.
    const python = EXPECTED.files['dealias.warts']!.python!.map((each) => each['probe_count']);
    expect(methods.map(([, probes]) => probes)).toEqual(python);
    expect(methods.map(([name]) => name)).toEqual(expect.arrayContaining(['midarest', 'midardisc']));
  });

  it('of http have what went over the line', () => {
    const { records } = decode(read('other.warts'));
    const http = records.find((record): record is HttpRecord => record.type === 'http')!;
    expect(http.dst?.toString()).toMatch(/^10\.62\.0\./);
    expect(http.buffers[0]).toMatchObject({ sent: true });
  });

  it('of sniff are read, without packets and with', () => {
    const { records } = decode(read('noroute.warts'));
    expect(records.find((record): record is SniffRecord => record.type === 'sniff')?.packets).toEqual([]);
    const packet = w.parameters([
      [1, w.time(7, 8)],
      [2, w.u16(2)],
      [3, [0x45, 0]],
    ]);
    const body = w.withParameters(
      13,
      [
        [4, w.ipv4('192.0.2.1')],
        [7, [3]],
        [10, w.u32(1)],
        [11, w.u16(77)],
      ],
      packet,
    );
    expect(decode(Uint8Array.from(body)).records[0]).toMatchObject({
      stop_reason: 3,
      icmp_id: 77,
      packets: [{ time: { sec: 7, usec: 8 }, data: Uint8Array.of(0x45, 0) }],
    });
  });

  it('of sting are read by their description', () => {
    const [src, dst] = [w.ipv4('192.0.2.1'), w.ipv4('192.0.2.2')];
    const packet = w.parameters([
      [1, [5]],
      [2, w.time(7, 8)],
      [3, w.u16(2)],
      [4, [0x45, 0]],
    ]);
    const body = w.withParameters(
      12,
      [
        [4, src],
        [5, dst],
        [8, w.u16(3)],
        [18, w.time(0, 900)],
        [20, w.u16(1)],
        [21, w.u32(1)],
        [22, [1]],
      ],
      packet,
    );
    const [sting] = decode(Uint8Array.from(body)).records as StingRecord[];
    expect(sting).toMatchObject({ type: 'sting', count: 3, hole_count: 1, result: 1 });
    expect(sting!.packets).toEqual([{ flags: 5, time: { sec: 7, usec: 8 }, data: Uint8Array.of(0x45, 0) }]);
  });

  it('without what valid ones lack now do not end a file', () => {
    const { records } = decode(read('noroute.warts'));
    const ping = records.find((record): record is PingRecord => record.type === 'ping')!;
    expect(ping).toMatchObject({ src: undefined, sent: 0, stop_reason: 2, stop_data: 101 });
    expect(ping.error).toContain('Network is unreachable');
    expect(recordToJson(ping)).not.toContain('"src"');
    expect(records.at(-1)?.type).toBe('cycle-stop');
  });

  it('of pings may have an empty list of timestamps', () => {
    const reply = w.parameters([
      [7, w.u16(0)],
      [12, w.ipv4('192.0.2.1')],
      [14, [0, 0]],
    ]);
    for (const [flags, text] of [
      [0x08, '"tsonly":[]'],
      [0x10, '"tsandaddr":[]'],
    ] as const) {
      const ping = w.withParameters(
        7,
        [
          [15, w.u16(1)],
          [20, w.ipv4('192.0.2.3')],
          [21, w.ipv4('192.0.2.1')],
          [22, [flags]],
        ],
        w.counted([reply]),
      );
      expect(jsonLines(Uint8Array.from(ping)).lines[0]).toContain(text);
      // sc_warts2json 20260420 prints no list then
      expect(jsonLines(Uint8Array.from(ping), undefined, '2026').lines[0]).not.toContain(text);
    }
  });
});

describe('parameters that nobody knows', () => {
  const dst = w.ipv4('192.0.2.1');

  it('are passed over, and reported with their numbers, bytes and place', () => {
    const reply = w.parameters([
      [7, w.u16(0)],
      [12, dst],
      [22, [9, 8, 7]],
    ]);
    const bytes = w.withParameters(
      7,
      [
        [15, w.u16(1)],
        [21, dst],
        [35, [1, 2]],
        [41, [3]],
      ],
      w.counted([reply]),
    );
    const { records, error } = decode(Uint8Array.from([...bytes, ...bytes]));
    expect(error).toBeUndefined();
    expect(records[0]!.unknown_parameters).toMatchObject([
      { ids: [35, 41], bytes: Uint8Array.of(1, 2, 3) },
      { ids: [22], bytes: Uint8Array.of(9, 8, 7) },
    ]);
    for (const { offset, bytes: value } of records[0]!.unknown_parameters!) {
      expect(bytes.slice(offset, offset + value.length)).toEqual([...value]);
    }
    expect(records[1]!.unknown_parameters![0]!.offset).toBe(
      records[0]!.unknown_parameters![0]!.offset + bytes.length,
    );
  });

  it('cost no more than the parts of a record may', () => {
    // None of the known ones.
    const flags: Bytes = [...Array<number>(5).fill(0x80), ...Array<number>(400_000).fill(0xff), 0x7f];
    const { error } = decode(Uint8Array.from(w.record(7, [...flags, 0, 0])), { maxRecordParts: 1000 });
    expect(error?.code).toBe('limit');
  });
});

/** Records with most parameters, of each type that 2026 has brought. */
const WHOLE = FILES.map((name) => Uint8Array.from(read(name)));

/** Every record of the random file, each behind the list and the cycle. */
const RANDOM = recordsOf(gunzipSync(readFileSync(join(FIXTURES, 'random.warts.gz'))));

function recordsOf(bytes: Buffer): Uint8Array[] {
  const all: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += all.at(-1)!.length) {
    all.push(bytes.subarray(at, at + 8 + bytes.readUInt32BE(at + 4)));
  }
  return all.slice(2).map((record) => Uint8Array.from(Buffer.concat([all[0]!, all[1]!, record])));
}

describe('damage', () => {
  it('at any place gives what came before it, and one typed error', () => {
    for (const whole of WHOLE) {
      const all = decode(whole).records.length;
      for (let length = 2; length < whole.length; length++) {
        const { records, error } = decode(whole.subarray(0, length));
        expect(records.length).toBeLessThanOrEqual(all);
        if (error !== undefined) expect(error).toBeInstanceOf(WartsError);
      }
    }
  });

  it('of 5,000 mutated files costs neither time nor memory without bounds', () => {
    const random = generator(7);
    const below = (n: number): number => Math.floor(random() * n);
    const sources = [...WHOLE, ...RANDOM];
    for (let n = 0; n < 5000; n++) {
      const bytes = mutate(sources[below(sources.length)]!, below);
      const { records, error } = decode(bytes, { deadlineMs: 60_000 });
      if (error !== undefined) expect(error.offset).toBeLessThanOrEqual(bytes.length);
      for (const record of records) {
        for (const dialect of ['20211212', '2026'] as const) {
          const line = recordToJson(record, dialect);
          if (line !== undefined) JSON.parse(line);
        }
      }
    }
  });
});

/** A few changes: a byte, a bit, a length, a run of bytes left out, doubled, moved or all ones. */
function mutate(from: Uint8Array, below: (n: number) => number): Uint8Array {
  let bytes = from.slice();
  for (let left = 1 + below(4); left > 0; left--) {
    const at = below(bytes.length);
    const to = Math.min(bytes.length, at + 1 + below(40));
    switch (below(8)) {
      case 0:
        bytes[at] = below(256);
        break;
      case 1:
        bytes[at]! ^= 1 << below(8);
        break;
      case 2:
        bytes.set([0xff, 0xff, 0xff, 0xff].slice(0, bytes.length - at), at);
        break;
      case 3:
        bytes.fill(0, at, to);
        break;
      case 4:
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(to)]);
        break;
      case 5:
        bytes = Uint8Array.from([...bytes.subarray(0, to), ...bytes.subarray(at)]);
        break;
      case 6:
        bytes.copyWithin(at, below(bytes.length), below(bytes.length) + 8);
        break;
      default:
        bytes = bytes.slice(0, Math.max(2, at));
    }
  }
  return bytes;
}
