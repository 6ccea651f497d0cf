import { describe, expect, it, test } from '@jest/globals';
import { parquetMetadata, parquetReadObjects, parquetSchema } from 'hyparquet';
import { KIND_NAMES, type KindName } from '../../measurement/kinds/index.js';
import { type Result, ResultTable } from './result-columns.js';
import { ResultsParquet } from './results-parquet.js';

const RESULT = {
  ...{ id: 'r', operation_id: 'o', probe_id: 'p', outcome: 'stored', counted: true, clock_trusted: false },
  ...{ received_at: '2026-01-01T00:00:00.123Z', scheduled_at: null, started_at: null },
  ...{ started_corrected_at: null, clock: null, duration_ms: 1.5, failure: null, decode_error: null },
};

function fileOf(kind: KindName, summaries: readonly (object[] | null)[]): ArrayBuffer {
  const file = new ResultsParquet(kind);
  const pieces = summaries.flatMap((summary) => [...file.add({ ...RESULT, summary } as unknown as Result)]);
  const bytes = Buffer.concat([...pieces, file.end()]);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

const read = (file: ArrayBuffer) => parquetReadObjects({ file });

describe('results as Parquet', () => {
  test.each(KIND_NAMES)('have for %s the columns of CSV, in their order', (kind) => {
    const names = parquetSchema(parquetMetadata(fileOf(kind, []))).children.map(
      ({ element }) => element.name,
    );
    expect(names).toEqual(new ResultTable(kind).columns.map(({ name }) => name));
  });

  it('have types: times in UTC, lists with nulls in them, structures, null for what there is not', async () => {
    const errors = [{ protocol: 'icmp', icmp_type: 3, icmp_code: 1, from: '192.0.2.9', count: 2 }];
    const [ping] = await read(
      fileOf('ping', [
        [
          {
            type: 'ping',
            start: { sec: 1_767_225_600, usec: 42 },
            sent: 4,
            loss: 0.25,
            rtt_avg_ms: null,
            errors,
          },
        ],
      ]),
    );
    expect(ping).toMatchObject({
      ...{
        result_id: 'r',
        counted: true,
        duration_ms: 1.5,
        entry: 0n,
        sent: 4n,
        loss: 0.25,
        rtt_avg_ms: null,
      },
      received_at: new Date('2026-01-01T00:00:00.123Z'),
      scheduled_at: null,
      errors: [{ protocol: 'icmp', icmp_type: 3n, icmp_code: 1n, from: '192.0.2.9', count: 2n }],
    });
    const [trace, empty] = await read(
      fileOf('traceroute', [[{ path: ['10.0.0.1', null, '10.0.0.3'] }, { path: [] }]]),
    );
    expect(trace?.['path']).toEqual(['10.0.0.1', null, '10.0.0.3']);
    expect(empty?.['path']).toEqual([]);
    const [tls] = await read(
      fileOf('tls', [[{ not_after: '2027-01-01T00:00:00.000Z', not_before: 'never' }]]),
    );
    expect(tls).toMatchObject({ not_after: new Date('2027-01-01T00:00:00.000Z'), not_before: null });
  });

  it('say of times that they are in UTC, and how fine they are', () => {
    const { schema } = parquetMetadata(fileOf('ping', []));
    const typeOf = (column: string) => schema.find(({ name }) => name === column)?.logical_type;
    expect(typeOf('received_at')).toEqual({ type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' });
    expect(typeOf('start_at')).toEqual({ type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' });
  });

  it('are written a row group at a time, of rows or of text, and whole', async () => {
    const rows = 4_500;
    const many = fileOf(
      'dns',
      Array.from({ length: rows }, (_, n) => [{ name: `n${n}` }]),
    );
    expect(parquetMetadata(many).row_groups.map(({ num_rows }) => num_rows)).toEqual([2_000n, 2_000n, 500n]);
    const names = (await read(many)).map((row) => row['name'] as unknown);
    expect(names).toEqual(Array.from({ length: rows }, (_, n) => `n${n}`));
    const long = fileOf('dns', Array<object[]>(20).fill([{ name: 'x'.repeat(200_000) }]));
    expect(parquetMetadata(long).row_groups.length).toBeGreaterThan(2);
  });

  it('are a row where a result has no summary', async () => {
    expect(await read(fileOf('dns', [null, []]))).toEqual([
      expect.objectContaining({ result_id: 'r', entry: null, name: null }),
      expect.objectContaining({ result_id: 'r', entry: null, answers: null }),
    ]);
  });
});
