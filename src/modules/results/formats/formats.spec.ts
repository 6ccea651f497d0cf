import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { MAX_SUMMARIES } from './format.js';
import { gunzip, isGzip, MAX_UNZIPPED_BYTES } from './gunzip.js';
import { FORMATS, RESULT_FORMATS } from './index.js';

const query = {
  name: 'example.org',
  type: 'A',
  resolver: '192.0.2.53',
  transport: 'udp',
  rtt_ms: 3.5,
  response: Buffer.from([0, 1, 0x81, 0x83, 0, 1, 0, 2, 0, 0, 0, 0]).toString('base64'),
  error: null,
};
const dnsDocument = (...queries: object[]) => Buffer.from(JSON.stringify({ version: 1, queries }));

describe('gunzip', () => {
  it('gives back what was zipped, whatever its size', async () => {
    const sizes = fc.integer({ min: 0, max: 400_000 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(255), async (size, byte) => {
        const bytes = Buffer.alloc(size, byte);
        const unzipped = await gunzip(gzipSync(bytes));
        // not toEqual: it would compare byte by byte
        expect([unzipped.bytes.equals(bytes), unzipped.error]).toEqual([true, undefined]);
      }),
      { numRuns: 30 },
    );
  });

  it('ends at its limit: a bomb is not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(MAX_UNZIPPED_BYTES + 1024 * 1024));
    const { bytes, error } = await gunzip(bomb);
    expect(bytes.length).toBe(MAX_UNZIPPED_BYTES);
    expect(error).toContain(String(MAX_UNZIPPED_BYTES));
  });

  it('gives of damaged bytes what came before the damage, and never throws', async () => {
    const text = Buffer.from(Array.from({ length: 20_000 }, (_, n) => `line ${n}\n`).join(''));
    const zipped = gzipSync(text);
    const cut = await gunzip(zipped.subarray(0, zipped.length - 100));
    expect(text.subarray(0, cut.bytes.length).equals(cut.bytes)).toBe(true);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (noise) => {
        const raw = Buffer.concat([Buffer.from([0x1f, 0x8b]), noise]);
        expect(isGzip(raw)).toBe(true);
        await expect(gunzip(raw)).resolves.toHaveProperty('bytes');
      }),
    );
  });
});

describe('formats', () => {
  it.each(RESULT_FORMATS)('%s: whatever the bytes are, they are data, and shown as JSON', async (format) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (noise) => {
        const raw = Buffer.from(noise);
        const { summary } = await FORMATS[format].digest(raw);
        expect(summary.length).toBeLessThanOrEqual(MAX_SUMMARIES);
        for (const as of ['json', 'dump', 'text'] as const) {
          const shown = JSON.parse(await FORMATS[format].present(raw, as)) as unknown;
          expect(typeof shown === 'string' || Array.isArray(shown)).toBe(true);
        }
      }),
    );
  });

  it('dns: says of each query what came back', async () => {
    const silent = { ...query, rtt_ms: null, response: null, error: 'timeout' };
    const { summary, error } = await FORMATS.dns.digest(
      dnsDocument(query, silent, { ...query, response: 'AAA=' }),
    );
    expect(error).toBeUndefined();
    expect(summary).toEqual([
      expect.objectContaining({ rcode: 'NXDOMAIN', answers: 2, rtt_ms: 3.5, error: null }),
      expect.objectContaining({ rcode: null, answers: null, rtt_ms: null, error: 'timeout' }),
      expect.objectContaining({ rcode: null, answers: null }),
    ]);
  });

  it.each([
    ['no JSON', Buffer.from('x')],
    ['another version', Buffer.from('{"version":2,"queries":[]}')],
    ['a query without a name', dnsDocument({ ...query, name: undefined })],
    ['a transport that is none', dnsDocument({ ...query, transport: 'pigeon' })],
    ['depth', Buffer.from(`{"version":1,"queries":[],"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)],
  ])('dns: says what is wrong with %s', async (_what, raw) => {
    const { summary, error } = await FORMATS.dns.digest(raw);
    const unreadable = { type: 'dns', error: expect.stringMatching(/^cannot be read: /) };
    expect([summary, error]).toEqual([summary.map(() => unreadable), expect.stringMatching(/^dns: /)]);
  });

  it('dns: keeps members that this server does not know', async () => {
    const edns = { nsid: `\\"${'[{'.repeat(100)}`, text: [[['"]}']]] };
    const shown = await FORMATS.dns.present(dnsDocument({ ...query, edns }), 'json');
    expect(JSON.parse(shown)).toEqual([{ ...query, edns }]);
  });

  it('gzip: reads status and time of each answer that dig printed', async () => {
    const text = [
      ';; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1',
      ';; Query time: 12 msec',
      ';; ->>HEADER<<- opcode: QUERY, status: SERVFAIL, id: 2',
    ].join('\n');
    const raw = gzipSync(text);
    expect((await FORMATS.gzip.digest(raw)).summary).toEqual([
      { type: 'dns', rcode: 'NOERROR', rtt_ms: 12 },
      { type: 'dns', rcode: 'SERVFAIL', rtt_ms: null },
    ]);
    expect(JSON.parse(await FORMATS.gzip.present(raw, 'text'))).toBe(text);
  });

  it('warts: reads the gzipped like the plain', async () => {
    const plain = Buffer.from([0x12, 0x05, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0]);
    expect(await FORMATS.warts.digest(gzipSync(plain))).toEqual(await FORMATS.warts.digest(plain));
  });
});
