import { describe, expect, it } from '@jest/globals';
import { type DecodedTexts, type ReadResult, type ResultReader } from '../../core/results/index.js';
import { ObjectId } from '../../platform/database/object-id.js';
import { ResultListings } from './result-listings.js';
import { ResultsCsv } from './results-csv.js';

const ids = { operation: new ObjectId(), probe: new ObjectId() };
const headOf = (_id: ObjectId, entries: number, error: string) => ({
  ...{ _id, ...ids, outcome: 'stored', received_at: new Date(0), format: 'dns' },
  summary: Array.from({ length: entries }, () => ({ type: 'dns', name: 'example.org', error })),
});

describe('results as CSV', () => {
  it('are made where they are large in the turns that all readers share, a few rows at a time', async () => {
    const [small, large] = [new ObjectId(), new ObjectId()];
    let turns = 0;
    let isInTurn = false;
    const reader = {
      // eslint-disable-next-line typescript/require-await -- the real one reads
      async *readGroups() {
        yield [
          { _id: small, raw_bytes: 1, head: headOf(small, 1, 'short') } as unknown as ReadResult,
          { _id: large, raw_bytes: 1 } as ReadResult,
        ];
      },
      headOf: (id: ObjectId) => {
        expect(isInTurn).toBe(true);
        return Promise.resolve(headOf(id, 1000, 'x'.repeat(3_000)));
      },
    } as unknown as ResultReader;
    const texts = {
      async *largeText(source: () => AsyncIterable<string>) {
        turns += 1;
        isInTurn = true;
        yield* source();
        isInTurn = false;
      },
    } as unknown as DecodedTexts;
    const csv = new ResultsCsv('dns');
    const pieces: string[] = [];
    const gone = new AbortController().signal;
    for await (const piece of new ResultListings(reader, texts).rows({ operations: [] }, csv, gone))
      pieces.push(String(piece));
    expect(turns).toBe(1);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(64 * 1024);
    const lines = pieces.join('').trimEnd().split('\n');
    expect(lines).toHaveLength(1 + 1 + 1000);
    const entry = csv.header.split(',').indexOf('entry');
    expect(lines.slice(2).map((line) => line.split(',')[entry])).toEqual(
      Array.from({ length: 1000 }, (_, index) => String(index)),
    );
  });
});
