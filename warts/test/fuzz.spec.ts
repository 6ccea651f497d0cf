import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { sized } from '../../test/support/size.js';
import {
  decode,
  dumpRows,
  encode,
  isEncodable,
  isSummarizable,
  JSON_DIALECTS,
  jsonLines,
  summarize,
  WartsError,
} from '../src/index.js';
import { bothWays } from './support/figures.js';
import { generator } from './support/planned-pings.js';

const FIXTURES = join(import.meta.dirname, 'fixtures/2026');
const HEADER_BYTES = 8;
const FILES = sized(5000, 500);
/** Of the processor, not of a clock: other work on the machine does not count. */
const MOST_MICROSECONDS = 2_000_000;

/** Records of a file, headers included. */
function recordsOf(bytes: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const end = at + HEADER_BYTES + bytes.readUInt32BE(at + 4);
    records.push(bytes.subarray(at, end));
    at = end;
  }
  return records;
}

const isHead = (record: Buffer): boolean => record.readUInt16BE(2) <= 4;
const random = recordsOf(gunzipSync(readFileSync(join(FIXTURES, 'random.warts.gz'))));
const HEAD = random.filter(isHead).filter((record) => record.readUInt16BE(2) <= 2);
const BODIES = [
  ...random,
  ...readdirSync(FIXTURES)
    .filter((name) => name.endsWith('.warts'))
    .flatMap((name) => recordsOf(readFileSync(join(FIXTURES, name)))),
].filter((record) => !isHead(record));

type Below = (limit: number) => number;

/** One change to a record: bytes that are others, more, fewer, moved, or of another record. */
function change(record: Buffer, below: Below): Buffer {
  const at = below(record.length + 1);
  const end = Math.min(record.length, at + 1 + below(16));
  const [before, part, after] = [record.subarray(0, at), record.subarray(at, end), record.subarray(end)];
  const other = BODIES[below(BODIES.length)]!;
  const from = below(other.length);
  switch (below(8)) {
    case 0:
      return Buffer.concat([before, Buffer.from([below(256)]), record.subarray(at + 1)]);
    case 1:
      return Buffer.concat([before, part.map((byte) => byte ^ (1 << below(8))), after]);
    case 2:
      return Buffer.concat([before, Buffer.alloc(part.length, below(2) * 255), after]);
    case 3:
      return Buffer.concat([before, after]);
    case 4:
      return Buffer.concat([before, part, part, after]);
    case 5:
      return before;
    case 6:
      return Buffer.concat([before, other.subarray(from, from + 1 + below(64)), after]);
    default:
      // Lengths and counts: two or four bytes that are large.
      return Buffer.concat([before, Buffer.from([0xff, 0xff, 0xff, below(256)].slice(below(3))), after]);
  }
}

/** A record after some changes to its body; most have a length that is right, so that the body is read. */
function mutate(record: Buffer, below: Below): Buffer {
  let body = record.subarray(HEADER_BYTES);
  for (let left = 1 + below(4); left > 0; left--) body = change(body, below);
  const header = Buffer.from(record.subarray(0, HEADER_BYTES));
  if (below(8) > 0) header.writeUInt32BE(Math.max(1, body.length), 4);
  if (below(16) === 0) header.writeUInt16BE(below(20), 2);
  return Buffer.concat([header, body]);
}

/** Everything that can be done with a file. */
function useAll(bytes: Uint8Array): void {
  const { records, error } = decode(bytes);
  if (error !== undefined) expect(error).toBeInstanceOf(WartsError);
  for (const dialect of JSON_DIALECTS) {
    for (const line of jsonLines(bytes, {}, dialect).lines) JSON.parse(line);
  }
  dumpRows(bytes);
  const { short, whole } = bothWays(bytes);
  expect(short).toEqual(whole);
  for (const record of records) {
    if (isSummarizable(record)) JSON.stringify(summarize(record));
    if (isEncodable(record)) encode([record]);
  }
}

describe('files that were changed', () => {
  it('all types are among them', () => {
    const types = new Set(BODIES.map((record) => record.readUInt16BE(2)));
    expect([...types].sort((a, b) => a - b)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]);
  });

  it('end in records or in an error of ours, in bounded time', () => {
    const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
    const next = generator(seed);
    const below = (limit: number): number => Math.floor(next() * limit);
    for (let file = 0; file < FILES; file++) {
      const record = mutate(BODIES[below(BODIES.length)]!, below);
      const bytes = Buffer.concat([...HEAD, record, BODIES[below(BODIES.length)]!]);
      const before = process.cpuUsage();
      try {
        useAll(bytes);
      } catch (error) {
        throw new Error(`FUZZ_SEED=${seed}, file ${file}: ${bytes.toString('base64')}`, { cause: error });
      }
      const { user, system } = process.cpuUsage(before);
      if (user + system > MOST_MICROSECONDS)
        throw new Error(`FUZZ_SEED=${seed}, file ${file} takes too long`);
    }
  }, 600_000);
});
