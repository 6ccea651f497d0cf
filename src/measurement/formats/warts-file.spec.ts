import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { decode, jsonLines, type WartsRecord } from '@pladmed/warts';
import fc from 'fast-check';
import { toolOutputs, toolsAreInstalled } from '../../../warts/test/support/tools.js';
import { smallWarts, WartsFile } from './warts-file.js';

const FIXTURES = new URL('../../../warts/test/fixtures/', import.meta.url);
const filesIn = (folder: URL) =>
  readdirSync(folder)
    .filter((name) => /^\d+-(ping|trace)-.*\.warts$/.test(name))
    .map((name) => readFileSync(new URL(name, folder)));
/** What scamper 20211212 wrote: pings and traceroutes, each file with its own list 1 and cycle 1. */
const FILES = filesIn(FIXTURES);

async function exported(raws: readonly Buffer[], failed = 0): Promise<Buffer> {
  const file = new WartsFile();
  const pieces: Buffer[] = [];
  for (const raw of raws) for await (const piece of file.add(smallWarts(raw) ?? raw)) pieces.push(piece);
  for (let n = 0; n < failed; n += 1) file.addFailedRun();
  return Buffer.concat([...pieces, file.end()]);
}

/** All but lists, of which equal ones become one, and without numbers, which are those of a file. */
function recordsOf(bytes: Uint8Array): unknown[] {
  return decode(bytes)
    .records.filter(({ type }) => type !== 'list')
    .map((record: WartsRecord) => ({ ...record, number: undefined }));
}

function endOf(bytes: Uint8Array): string {
  const last = decode(bytes).records.at(-1);
  return last?.type === 'list' ? (last.list.description ?? '') : 'no list';
}

const someFiles = fc.array(fc.tuple(fc.nat(FILES.length - 1), fc.boolean()), { maxLength: 12 });
const chosen = (which: readonly [number, boolean][]) =>
  which.map(([index, packed]) => (packed ? gzipSync(FILES[index]!) : FILES[index]!));

describe('a warts file of many results', () => {
  it('has the records that went in, in their order, whatever was gzipped', async () => {
    expect(FILES.length).toBeGreaterThan(40);
    const property = fc.asyncProperty(someFiles, async (which) => {
      const bytes = await exported(chosen(which));
      expect(decode(bytes).error).toBeUndefined();
      expect(recordsOf(bytes)).toEqual(which.flatMap(([index]) => recordsOf(FILES[index]!)));
    });
    await fc.assert(property, { numRuns: 40 });
  });

  it('has equal lists once, and each result its own cycles', async () => {
    const { records } = decode(await exported([FILES[0]!, FILES[0]!, FILES[0]!]));
    expect(records.filter(({ type }) => type === 'list')).toHaveLength(2);
    const numbers = records.flatMap((record) => (record.type === 'cycle-start' ? [record.number] : []));
    expect(numbers).toEqual([1, 2, 3]);
  });

  it('says at its end that it is whole, and what is not in it', async () => {
    const ping = FILES[0]!;
    const { length } = decode(ping).records;
    const damaged = ping.subarray(0, ping.length - 3);
    // one record is lost, and the list is written once
    const bytes = await exported([damaged, Buffer.from('no warts'), gzipSync(ping), ping], 2);
    expect(endOf(bytes)).toBe(
      `complete: ${3 * length - 1 - 2} records of 4 results; 2 of these results are damaged and end early, ` +
        '0 records of unknown types are left out, 2 failed runs have none',
    );
    expect(recordsOf(bytes)).toEqual([...recordsOf(damaged), ...recordsOf(ping), ...recordsOf(ping)]);
  });

  it('is a file also without results', async () => {
    const bytes = await exported([]);
    expect(decode(bytes)).toEqual({ records: [expect.objectContaining({ type: 'list' })] });
  });

  it('is the same where the reading of a result was given up and begun again', async () => {
    const file = new WartsFile();
    const all = async (pieces: AsyncIterable<Buffer>) => {
      const got: Buffer[] = [];
      for await (const piece of pieces) got.push(piece);
      return Buffer.concat(got);
    };
    const large = Buffer.concat(Array<Buffer>(40).fill(FILES.at(-1)!.subarray(0)));
    for await (const piece of file.add(gzipSync(large))) if (piece.length > 0) break;
    const again = await all(file.add(gzipSync(large)));
    expect(again).toEqual(await all(new WartsFile().add(large)));
  });

  // sc_warts2json and sc_analysis_dump of Debian's scamper 20211212; scamper lists nothing of a list that nobody names
  (toolsAreInstalled() ? it : it.skip)("is read to its end by scamper's own tools", async () => {
    const raws = FILES.filter((_, index) => index % 3 === 0);
    const [joined] = toolOutputs([await exported(raws)]);
    const each = toolOutputs(raws);
    expect(joined?.json).toEqual(each.flatMap(({ json }) => json));
    expect(joined?.rows).toEqual(each.flatMap(({ rows }) => rows));
    expect(joined?.json.length).toBeGreaterThan(raws.length);
    expect(jsonLines(await exported(raws)).lines).toEqual(joined?.json);
  });
});
