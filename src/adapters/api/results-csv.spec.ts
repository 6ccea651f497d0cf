import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { KIND_NAMES } from '../../measurement/kinds/index.js';
import { type ResultDto } from './dto/result.dto.js';
import { ResultsCsv } from './results-csv.js';

const RESULT = {
  ...{
    id: 'r',
    operation_id: 'o',
    probe_id: 'p',
    outcome: 'stored',
    received_at: '2026-01-01T00:00:00.000Z',
  },
  ...{ scheduled_at: null, started_at: null, started_corrected_at: null, clock_trusted: false, clock: null },
  ...{ counted: true, duration_ms: null, failure: null, decode_error: null },
};

const rows = (kind: 'dns' | 'traceroute' | 'ntp', summary: object[] | null) =>
  [...new ResultsCsv(kind).rowsOf({ ...RESULT, summary } as unknown as ResultDto)].join('');

test('names the columns of a kind, those of all kinds first', () => {
  const names = new ResultsCsv('traceroute').header.trimEnd().split(',');
  expect(names.slice(0, 3)).toEqual(['result_id', 'operation_id', 'probe_id']);
  for (const name of ['dst', 'destination', 'start_at', 'path', 'path_hash', 'rtt_ms', 'error'])
    expect(names).toContain(name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).not.toContain('type');
});

test.each(KIND_NAMES)('has for %s the columns that docs/data.md names', (kind) => {
  const text = readFileSync(new URL('../../../docs/data.md', import.meta.url), 'utf8');
  const section = text.slice(text.indexOf('## Columns of CSV and Parquet'));
  const line = section.split('\n').find((each) => each.startsWith(`| ${kind} |`)) ?? '';
  const common = section.slice(section.indexOf('`result_id`'), section.indexOf('| kind |'));
  const named = [...`${common} ${line}`.matchAll(/`(\w+)`/g)].map(([, name]) => name);
  expect(new ResultsCsv(kind).header.trimEnd().split(',')).toEqual(named);
});

test('writes lists with spaces and stars, times with microseconds, nothing for null', () => {
  const entry = {
    ...{ type: 'trace', dst: '192.0.2.1', start: { sec: 1767225600, usec: 42 }, path: ['10.0.0.1', null] },
    ...{ rtt_ms: null, reached: false },
  };
  const text = rows('traceroute', [entry]);
  expect(text).toContain(',10.0.0.1 *,');
  expect(text).toContain(',2026-01-01T00:00:00.000042Z,');
  expect(text).toContain(',false,');
  expect(text).not.toContain('null');
});

// OWASP, "CSV Injection"; what is a number stays one
test('lets no cell begin like a formula, and quotes what needs it', () => {
  const text = rows('dns', [
    { name: '=HYPERLINK("http://x")', error: '@a' },
    { name: 'a,b', error: 'line\nand "line"\r' },
  ]);
  expect(text).toContain('"\'=HYPERLINK(""http://x"")"');
  expect(text).toContain(",'@a");
  expect(text).toContain(',"a,b",');
  expect(text).toContain('"line\nand ""line""\r"');
  expect(rows('ntp', [{ offset_ms: -1.5 }])).toContain(',-1.5,');
});

test('writes one row for a result without a summary', () => {
  for (const summary of [null, []]) expect(rows('dns', summary).trimEnd().split('\n')).toHaveLength(1);
});

test('writes any text as csv-stringify does', () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'=+-@\t\r\n",\uff1d\uff20 a') }));
  fc.assert(
    fc.property(text, (name) => {
      const two = stringify([[name, 'x']], { escape_formulas: true, quoted_match: /[\r\n]/ });
      const cell = two.slice(0, -',x\n'.length);
      expect(rows('dns', [{ name }])).toContain(`,0,${cell},`);
    }),
  );
});
