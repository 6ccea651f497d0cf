import { describe, expect, it } from '@jest/globals';
import { MAX_DOCUMENT_DEPTH, MAX_ENTRY_BYTES, MAX_ENTRY_VALUES, readDocument } from './document.js';
import { ntpDocument } from '../kinds/ntp/ntp.document.js';

const entry = {
  destination: 'ntp.example.org',
  address: '192.0.2.1',
  port: 123,
  resolve_ms: 1.5,
  sent_at: '2026-01-01T00:00:00.000Z',
  version: 4,
  leap: 0,
  stratum: 2,
  poll: 0,
  precision: -20,
  root_delay_ms: 1,
  root_dispersion_ms: 1,
  reference_id: '192.0.2.2',
  reference_time: null,
  offset_ms: -0.5,
  error_ms: 2,
  delay_ms: 3,
  error: null,
};

const bytesOf = (document: unknown) => Buffer.from(JSON.stringify(document));
const read = (document: unknown) => readDocument(ntpDocument, bytesOf(document));

describe('reading a document', () => {
  it('keeps the entries beside one that does not fit, in their order', () => {
    const bad = { ...entry, stratum: 'high' };
    const entries = read({ version: 1, exchanges: [entry, bad, { ...entry, port: 124 }] });
    expect(entries).toEqual([
      { value: entry },
      { unreadable: { index: 1, problem: expect.stringMatching(/^exchanges\.1\.stratum: /), entry: bad } },
      { value: { ...entry, port: 124 } },
    ]);
  });

  it('keeps members that it does not know', () => {
    expect(read({ version: 1, exchanges: [{ ...entry, later: 1 }] })).toEqual([
      { value: { ...entry, later: 1 } },
    ]);
  });

  it.each([
    ['no object', 7, 'ntp: '],
    ['another version', { version: 2, exchanges: [] }, 'ntp: version: '],
    ['no list', { version: 1 }, 'ntp: exchanges: must be an array'],
  ])('says why there is nothing to read: %s', (_, document, sentence) => {
    expect(read(document)).toContain(sentence);
  });

  it('reads as many entries as a document may have, and says how many more there were', () => {
    const entries = read({ version: 1, exchanges: new Array(1003).fill(entry), left_out: 4 });
    expect(entries).toHaveLength(1001);
    expect(entries.slice(-2)).toEqual([
      { value: entry },
      {
        unreadable: {
          index: 1000,
          problem: expect.stringContaining('exchanges: 7 more after the first 1000'),
        },
      },
    ]);
  });

  it('says that bytes are no JSON', () => {
    expect(readDocument(ntpDocument, Buffer.from('{"version":1,'))).toBe('ntp: not JSON');
  });

  it('refuses what is nested too deep, and counts no bracket inside a string', () => {
    const nested = (depth: number) =>
      Buffer.from(`{"version":1,"exchanges":[],"x":${'['.repeat(depth)}${']'.repeat(depth)}}`);
    expect(readDocument(ntpDocument, nested(MAX_DOCUMENT_DEPTH - 1))).toEqual([]);
    expect(readDocument(ntpDocument, nested(MAX_DOCUMENT_DEPTH))).toMatch(/nested more than 32 deep/);
    expect(read({ version: 1, exchanges: [], x: '["'.repeat(100) })).toEqual([]);
  });

  it.each([
    ['of too many values', { later: new Array(MAX_ENTRY_VALUES).fill({}) }, /more than 50000 values$/],
    ['of too many bytes', { later: 'x'.repeat(MAX_ENTRY_BYTES) }, /more than 1048576 bytes$/],
  ])('costs an entry %s that entry alone', (_, more, problem) => {
    expect(read({ version: 1, exchanges: [entry, { ...entry, ...more }, entry] })).toEqual([
      { value: entry },
      { unreadable: { index: 1, problem: expect.stringMatching(problem) } },
      { value: entry },
    ]);
  });

  it('costs an entry that is no JSON that entry alone', () => {
    const text = JSON.stringify({ version: 1, exchanges: [entry, 'BAD', entry] }).replace(
      '"BAD"',
      '{"a":tru}',
    );
    expect(readDocument(ntpDocument, Buffer.from(text))).toEqual([
      { value: entry },
      { unreadable: { index: 1, problem: 'exchanges.1: not JSON' } },
      { value: entry },
    ]);
  });

  it('refuses much beside the list', () => {
    expect(read({ version: 1, exchanges: [], x: 'x'.repeat(MAX_ENTRY_BYTES) })).toMatch(
      /bytes beside exchanges/,
    );
  });
});
