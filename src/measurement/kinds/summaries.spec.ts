import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { FORMER_DOCUMENTS } from '../../../test/support/stored-results.js';
import { gzipFormat } from '../formats/gzip.format.js';
import { OTHER_RECORD_TYPES, type OtherRecord, otherRecordSummary } from '../formats/other-records.js';
import { type Summary } from '../formats/summary.js';
import { wartsFormat } from '../formats/warts.format.js';
import { type KindName, KINDS } from './index.js';
import { FORMATS } from './result-formats.js';

/** Files of scamper 20211212 and of 2026, whole and damaged: warts/test/fixtures. */
const FIXTURES = join(import.meta.dirname, '../../../warts/test/fixtures');
const FILES = readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.warts'),
);

const KIND_OF = { ping: 'ping', trace: 'traceroute' } as const;

const isOther = (type: unknown): type is OtherRecord => OTHER_RECORD_TYPES.some((each) => each === type);

/** @returns what keeps an entry from being one of its kind, or of a record that is of no kind */
function problem(kind: KindName | OtherRecord, entry: Summary): string | undefined {
  const schema = isOther(kind) ? otherRecordSummary(kind) : KINDS[kind].summary;
  // as it is shown
  const read = schema.safeParse(JSON.parse(JSON.stringify(entry)));
  return read.success ? undefined : `${JSON.stringify(entry)}: ${read.error.message}`;
}

describe('summaries of real results are what their schema says', () => {
  it('of warts, with and without what the probe says of its destinations', async () => {
    const seen: Record<string, number> = {};
    const others = new Set<string>();
    for (const name of FILES) {
      const raw = readFileSync(join(FIXTURES, name));
      const plain = (await wartsFormat.digest(raw)).summary;
      const destinations = plain.map(({ dst }, place) => ({
        ...{ destination: `d${place}.example`, address: String(dst), resolve_ms: place, error: null },
        ...(place === 0 && { note: 'AAAA: timeout' }),
      }));
      const unsent = { destination: 'e.example', address: null, resolve_ms: null, error: 'no_family' };
      const named = (await wartsFormat.digest(raw, [...destinations, unsent])).summary;
      for (const entry of [...plain, ...named]) {
        if (isOther(entry['type'])) {
          expect([name, problem(entry['type'], entry)]).toEqual([name, undefined]);
          others.add(entry['type']);
          continue;
        }
        const type = entry['type'] === 'trace' ? 'trace' : 'ping';
        expect([name, problem(KIND_OF[type], entry)]).toEqual([name, undefined]);
        const which = `${type}${'sent' in entry ? '' : ' unsent'}${'destination' in entry ? ' named' : ''}`;
        seen[which] = (seen[which] ?? 0) + 1;
      }
    }
    const forms = ['ping', 'ping named', 'ping unsent named', 'trace', 'trace named', 'trace unsent named'];
    expect(Object.keys(seen).sort()).toEqual(forms);
    // of sting and sniff there is no file
    expect([...others, 'sniff', 'sting'].sort()).toEqual(OTHER_RECORD_TYPES.toSorted());
  });

  it.each(['dns', 'http', 'tls', 'ntp', 'mtr'] as const)(
    'of %s, also of an entry that cannot be read',
    async (kind) => {
      const { raw } = FORMER_DOCUMENTS[kind] ?? { raw: Buffer.alloc(0) };
      const { summary } = await FORMATS[kind].digest(raw);
      const broken = Buffer.from(raw.toString('utf8').replace(/"(url|destination|name)":"[^"]*"/, '"$1":5'));
      const { summary: unreadable } = await FORMATS[kind].digest(broken);
      expect(summary).toHaveLength(1);
      expect(unreadable).toEqual([{ type: kind, error: expect.stringMatching(/^cannot be read: /) }]);
      for (const entry of [...summary, ...unreadable]) expect(problem(kind, entry)).toBeUndefined();
    },
  );

  it('of what dig printed for a classic probe', async () => {
    const text = ';; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN, id: 1\n;; Query time: 12 msec\n';
    const { summary } = await gzipFormat.digest(gzipSync(text));
    expect(summary).toEqual([{ type: 'dns', rcode: 'NXDOMAIN', rtt_ms: 12 }]);
    expect(problem('dns', summary[0] ?? {})).toBeUndefined();
  });

  it('and nothing else: a member more, a member less, a figure of another kind is refused', async () => {
    const [entry = {}] = (await FORMATS.tls.digest(FORMER_DOCUMENTS.tls?.raw ?? Buffer.alloc(0))).summary;
    const { cipher: _cipher, ...less } = entry;
    for (const wrong of [{ ...entry, more: 1 }, less, { ...entry, port: '443' }, { ...entry, type: 'http' }])
      expect(problem('tls', wrong)).toBeDefined();
  });
});
