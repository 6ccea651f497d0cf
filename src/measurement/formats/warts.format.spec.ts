import { describe, expect, it } from '@jest/globals';
import { decode, DUMP_HEADER, dumpRows, jsonLines, recordToJson } from '@pladmed/warts';
import { gzipSync } from 'node:zlib';
import { readdirSync, readFileSync } from 'node:fs';
import { LargePartError } from './format.js';
import { wholeText } from './pieces.js';
import { summariesOfOther } from './other-records.js';
import { recordToPlain } from './plain-record.js';
import { wartsFormat } from './warts.format.js';

const FOLDER = 'warts/test/fixtures';
const [PING = ''] = readdirSync(FOLDER).filter((name) => name.includes('-ping-') && name.endsWith('.warts'));

/** A file with its ping record many times over: more than one slice. */
function large(): Buffer {
  const file = readFileSync(`${FOLDER}/${PING}`);
  const before: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const record = file.subarray(at, at + 8 + file.readUInt32BE(at + 4));
    if (record.readUInt16BE(2) === 7) return Buffer.concat([...before, ...Array<Buffer>(8000).fill(record)]);
    before.push(record);
    at += record.length;
  }
  throw new Error('there is no ping in the file');
}

describe('warts, shown as JSON', () => {
  it('gives of a large file, whole or cut off, what the decoder gives', async () => {
    const whole = large();
    expect(whole.length).toBeGreaterThan(512 * 1024);
    for (const bytes of [whole, whole.subarray(0, 600_001)]) {
      const shown = await wholeText(wartsFormat.present(bytes, 'json'));
      expect(shown === `[${jsonLines(bytes).lines.join(',')}]`).toBe(true);
    }
  });

  it.each(['host', 'other', 'owamp', 'noroute', 'ping', 'trace', 'dealias'])(
    'gives records of newer types as the newer tool prints them, by our names what it does not print, and the others as ever: %s',
    async (name) => {
      const file = readFileSync(`${FOLDER}/2026/${name}.warts`);
      const { records, error } = decode(file);
      expect(error).toBeUndefined();
      const lines = records.map((record) => {
        const ours = recordToPlain(record);
        return recordToJson(record) ?? recordToJson(record, '2026') ?? (ours && JSON.stringify(ours));
      });
      const shown = JSON.parse(await wholeText(wartsFormat.present(gzipSync(file), 'json'))) as unknown[];
      expect(shown).toEqual(
        lines.filter((line) => line !== undefined).map((line) => JSON.parse(line) as unknown),
      );
      expect(shown.length).toBeGreaterThan(0);
    },
  );

  it('as a dump: what the decoder gives, also of what is cut off', async () => {
    for (const name of readdirSync(FOLDER).filter((each) => each.endsWith('.warts'))) {
      const file = readFileSync(`${FOLDER}/${name}`);
      for (const bytes of [file, file.subarray(0, file.length - 3)]) {
        const expected = [DUMP_HEADER, ...dumpRows(bytes).rows, ''].join('\n');
        expect(JSON.parse(await wholeText(wartsFormat.present(gzipSync(bytes), 'dump')))).toBe(expected);
      }
    }
  });

  it('says that a record is larger than its reader has room for', async () => {
    await expect(wholeText(wartsFormat.present(large(), 'json', { part: 100 }))).rejects.toBeInstanceOf(
      LargePartError,
    );
    expect(await wholeText(wartsFormat.present(large(), 'json', { part: 1024 * 1024 }))).toMatch(
      /^\[\{.*\}\]$/,
    );
  });

  it('lets others have their turn meanwhile', async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    await wholeText(wartsFormat.present(large(), 'json'));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });
});

describe('warts of a newer scamper', () => {
  const digest = (name: string) => wartsFormat.digest(readFileSync(`${FOLDER}/2026/${name}.warts`));

  it('is digested whole: pings and traces have figures, other records where there are none, and nothing is called damage', async () => {
    for (const name of ['ping', 'trace', 'noroute', 'host', 'other', 'owamp', 'tracelb', 'dealias']) {
      const { error, summary } = await digest(name);
      expect([name, error]).toEqual([name, undefined]);
      const { records } = decode(readFileSync(`${FOLDER}/2026/${name}.warts`));
      const [measured, others] = [
        records.filter(({ type }) => type === 'ping' || type === 'trace'),
        records.flatMap((record) => summariesOfOther(record)),
      ];
      expect(summary).toHaveLength(measured.length > 0 ? measured.length : others.length);
    }
  });

  it('does not claim that nothing was sent, where other measurements are in it', async () => {
    expect((await digest('host')).sentNothing).toBe(false);
    expect((await digest('owamp')).sentNothing).toBe(false);
  });
});
