import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decode, encode, EncodeError, Encoder, isEncodable } from '../src/index.js';
import type { EncodableRecord, PingRecord } from '../src/index.js';
import * as records from './support/records.js';
import { runTool, toolOutputs, toolsAreInstalled } from './support/tools.js';
import * as w from './support/writer.js';

const FIXTURES = join(import.meta.dirname, 'fixtures');
const HEAD = [
  ...w.list(1, 7, 'a list', [
    [1, w.text('of targets')],
    [2, w.text('monitor')],
  ]),
  ...w.cycleStart(1, 1, 9, [[2, w.text('host')]]),
];

const filesIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.warts'))
    .map((name) => join(folder, name));
/** Those with records that can be written alone. */
const FILES = [...filesIn(FIXTURES), ...filesIn(join(FIXTURES, '2026'))]
  .map((name) => ({ name, bytes: readFileSync(name) }))
  .filter(({ bytes }) => decode(bytes).records.every(isEncodable));

function recordsOf(bytes: Uint8Array): EncodableRecord[] {
  return decode(bytes).records.filter(isEncodable);
}

describe('encode', () => {
  it.each(['ping', 'trace'] as const)('gives back what was decoded of a %s with any parameters', (type) => {
    const body = type === 'ping' ? records.pingOf2026 : records.traceOf2026;
    fc.assert(
      fc.property(body, (bytes) => {
        const decoded = recordsOf(Uint8Array.from([...HEAD, ...bytes, ...w.cycleStop(1)]));
        expect(decode(encode(decoded))).toEqual({ records: decoded });
      }),
      { numRuns: 300 },
    );
  });

  it('gives back what scamper wrote', () => {
    expect(FILES.length).toBeGreaterThan(80);
    for (const { bytes } of FILES) {
      const decoded = recordsOf(bytes);
      expect(decode(encode(decoded)).records).toEqual(decoded);
    }
  });

  // The records of later files are of the same version: that of scamper 20211212 writes a few parameters differently.
  it('writes pings and traceroutes as scamper 20260420 wrote them, byte for byte', () => {
    const files = FILES.filter(({ name }) => /2026\/(ping|behind-(back|icmp|udp))/.test(name));
    expect(files.length).toBeGreaterThan(5);
    for (const { bytes } of files) expect(Buffer.from(encode(recordsOf(bytes)))).toEqual(bytes);
  });

  it('defines a list and a cycle that a record names and that are not written yet', () => {
    const decoded = recordsOf(FILES[0]!.bytes);
    const ping = decoded.find(({ type }) => type === 'ping')!;
    const back = decode(encode([ping])).records;
    expect(back.map(({ type }) => type)).toEqual(['list', 'cycle-definition', 'ping']);
    expect(back[2]).toEqual(ping);
  });

  it('writes a file piece by piece', () => {
    const decoded = recordsOf(FILES[0]!.bytes);
    const encoder = new Encoder();
    const pieces = decoded.map((record) => encoder.encode(record));
    expect(Buffer.concat(pieces)).toEqual(Buffer.from(encode(decoded)));
  });

  it('refuses what the format has no room for', () => {
    const decoded = recordsOf(FILES[0]!.bytes);
    const ping = decoded.find((record): record is PingRecord => record.type === 'ping')!;
    expect(() => encode([{ ...ping, ttl: 256 }])).toThrow(EncodeError);
    expect(() => encode([{ ...ping, ttl: 1.5 }])).toThrow(
      '1.5 where a whole number from 0 to 255 must stand',
    );
    expect(() => encode([{ ...ping, error: 'a\0b' }])).toThrow(EncodeError);
    expect(() => encode([{ ...ping, data: new Uint8Array(65_000), error: 'x'.repeat(1000) }])).toThrow(
      /parameters of \d+ bytes/,
    );
  });
});

const withTools = toolsAreInstalled() ? describe : describe.skip;

withTools('what is written, read by scamper 20211212', () => {
  const DEBIAN = FILES.filter(({ name }) => !name.includes('2026'));

  it('has the values that the original has', () => {
    const before = toolOutputs(DEBIAN.map(({ bytes }) => bytes));
    const after = toolOutputs(DEBIAN.map(({ bytes }) => encode(recordsOf(bytes))));
    expect(after).toEqual(before);
  });

  it('is the same to sc_wartsdump', () => {
    const folder = mkdtempSync(join(tmpdir(), 'warts-encode-'));
    try {
      const written = join(folder, 'written.warts');
      for (const { name, bytes } of DEBIAN.filter((_, i) => i % 8 === 0)) {
        writeFileSync(written, encode(recordsOf(bytes)));
        const [before, after] = [name, written].map((file) => runTool('sc_wartsdump', [file]).text);
        expect(after).toBe(before);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
