import { describe, expect, it } from '@jest/globals';
import { decode, encode, recordToJson, type WartsRecord } from '@pladmed/warts';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { WartsFile } from './warts-file.js';
import { WartsRecords, type WartsRecordFile } from './warts-records.js';

const FIXTURES = join(import.meta.dirname, '../../../warts/test/fixtures');
const FILES = ['', '2026'].flatMap((folder) =>
  readdirSync(join(FIXTURES, folder))
    .filter((name) => /\.warts(\.gz)?$/.test(name))
    .map((name) => join(folder, name)),
);
const ABOUT_THE_FILE = ['list', 'cycle-start', 'cycle-definition', 'cycle-stop', 'address', 'skipped'];

function bytesOf(name: string): Uint8Array {
  const bytes = readFileSync(join(FIXTURES, name));
  return name.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

/** @returns what is taken out of whole records: some fixtures end early */
function taken(bytes: Uint8Array, size = 1000): WartsRecordFile[] {
  const file = new WartsRecords();
  const found: WartsRecordFile[] = [];
  try {
    for (let at = 0; at < bytes.length; at += size) found.push(...file.push(bytes.subarray(at, at + size)));
    file.finish();
  } catch (error) {
    if (!WartsRecords.isDamage(error)) throw error;
  }
  return found;
}

const measurements = (records: readonly WartsRecord[]) =>
  records.filter(({ type }) => !ABOUT_THE_FILE.includes(type));
const shown = (record: WartsRecord | undefined) =>
  record &&
  (recordToJson(record) ??
    recordToJson(record, '2026') ??
    JSON.stringify(record, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)));

describe('WartsRecords', () => {
  it('makes a file of each record that says what the record says', () => {
    expect(FILES.length).toBeGreaterThan(100);
    for (const name of FILES) {
      const { records } = decode(bytesOf(name));
      const files = taken(bytesOf(name)).filter(({ raw }) => raw !== undefined);
      expect([name, files.length]).toEqual([name, measurements(records).length]);
      measurements(records).forEach((record, index) => {
        const [alone, ...others] = measurements(decode(files[index]?.raw ?? new Uint8Array(0)).records);
        expect([name, shown(alone), others]).toEqual([name, shown(record), []]);
      });
    }
  });

  it('makes the same of a record wherever it stands', async () => {
    const one = Buffer.from(bytesOf('2026/ping.warts'));
    const other = Buffer.from(bytesOf('2026/trace.warts'));
    const joined = new WartsFile();
    const pieces: Buffer[] = [];
    for (const each of [one, other, one]) for await (const piece of joined.add(each)) pieces.push(piece);
    const raws = (bytes: Uint8Array) => taken(bytes).flatMap(({ raw }) => raw?.toString('hex') ?? []);
    expect(raws(one).length).toBeGreaterThan(3);
    expect(raws(Buffer.concat([...pieces, joined.end()]))).toEqual([
      ...raws(one),
      ...raws(other),
      ...raws(one),
    ]);
  });

  it('puts only the list and the cycle before a record that it names, and refuses those that are long', () => {
    const [ping] = measurements(decode(bytesOf('2026/ping.warts')).records);
    if (ping?.type !== 'ping') throw new Error('the fixture begins with a ping');
    const lists = (length: number, count: number) =>
      Array.from({ length: count }, (_each, id) => ({
        id,
        name: `list ${id}`,
        description: 'x'.repeat(length),
        monitor: 'm',
      }));
    const file = (all: ReturnType<typeof lists>) =>
      encode([
        ...all.map((list) => ({ type: 'list' as const, number: 0, list })),
        { ...ping, list: all.at(-1), cycle: undefined },
      ]);
    const many = taken(file(lists(100, 5000))).at(-1);
    expect(many?.raw?.length).toBeLessThan(2000);
    expect(many?.monitor).toBe('m');
    const long = taken(file(lists(5000, 1))).at(-1);
    expect(long).toMatchObject({ type: 'ping', problem: 'its list and its cycle have more than 4096 bytes' });
    expect(long?.raw).toBeUndefined();
  });

  it('tells when a measurement began, by its own clock', () => {
    const [first] = taken(bytesOf('2026/ping.warts')).filter(({ type }) => type === 'ping');
    const [record] = measurements(decode(bytesOf('2026/ping.warts')).records);
    if (record?.type !== 'ping') throw new Error('the fixture begins with a ping');
    expect(first?.startedAt?.getTime()).toBe(record.start.sec * 1000 + Math.floor(record.start.usec / 1000));
  });
});
