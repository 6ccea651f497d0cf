import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { MAX_SUMMARIES } from './format.js';
import { gunzip, isGzip, MAX_UNZIPPED_BYTES, UnzipError } from './gunzip.js';
import { FORMATS, RESULT_FORMATS } from '../kinds/result-formats.js';
import { wholeText } from './pieces.js';

const query = {
  name: 'example.org',
  type: 'A',
  resolver: '192.0.2.53',
  transport: 'udp',
  rtt_ms: 3.5,
  response: base64('0001 8183 0000 0002 0000 0000', ...Array<string>(2).fill('00 0010 0001 00000000 0000')),
  error: null,
};
const ROOT_OPT = '00 0029 04d0';
const dnsDocument = (...queries: object[]) => Buffer.from(JSON.stringify({ version: 1, queries }));

/** Of hexadecimal parts. */
function base64(...parts: string[]): string {
  return Buffer.from(parts.join('').replaceAll(' ', ''), 'hex').toString('base64');
}

/** @returns all that comes, and what ended it */
async function unzipped(raw: Buffer): Promise<{ bytes: Buffer; error?: string }> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of gunzip(raw)) chunks.push(chunk);
    return { bytes: Buffer.concat(chunks) };
  } catch (error) {
    if (!(error instanceof UnzipError)) throw error;
    return { bytes: Buffer.concat(chunks), error: error.message };
  }
}

describe('gunzip', () => {
  it('gives back what was zipped, whatever its size', async () => {
    const sizes = fc.integer({ min: 0, max: 400_000 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(255), async (size, byte) => {
        const bytes = Buffer.alloc(size, byte);
        const { bytes: back, error } = await unzipped(gzipSync(bytes));
        // not toEqual: it would compare byte by byte
        expect([back.equals(bytes), error]).toEqual([true, undefined]);
      }),
      { numRuns: 30 },
    );
  });

  it('ends at its limit: a bomb is not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(MAX_UNZIPPED_BYTES + 1024 * 1024));
    const { bytes, error } = await unzipped(bomb);
    expect(bytes.length).toBe(MAX_UNZIPPED_BYTES);
    expect(error).toContain(String(MAX_UNZIPPED_BYTES));
  });

  it('unpacks no more than is taken', async () => {
    const before = process.memoryUsage().arrayBuffers;
    const readers = Array.from({ length: 50 }, () => gunzip(gzipSync(Buffer.alloc(MAX_UNZIPPED_BYTES / 4))));
    for (const reader of readers) await reader.next();
    // 50 times 16 MiB would be 800
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * 1024 * 1024);
    for (const reader of readers) await reader.return();
  });

  it('gives of damaged bytes what came before the damage, and throws nothing else', async () => {
    const text = Buffer.from(Array.from({ length: 20_000 }, (_, n) => `line ${n}\n`).join(''));
    const zipped = gzipSync(text);
    const cut = await unzipped(zipped.subarray(0, zipped.length - 100));
    expect(text.subarray(0, cut.bytes.length).equals(cut.bytes)).toBe(true);
    // but for the chunk in which the damage is
    expect(cut.bytes.length).toBeGreaterThan(text.length - 32 * 1024);
    expect(cut.error).toMatch(/^gzip: /);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (noise) => {
        const raw = Buffer.concat([Buffer.from([0x1f, 0x8b]), noise]);
        expect(isGzip(raw)).toBe(true);
        await expect(unzipped(raw)).resolves.toHaveProperty('bytes');
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
          const shown = JSON.parse(await wholeText(FORMATS[format].present(raw, as))) as unknown;
          expect(typeof shown === 'string' || Array.isArray(shown)).toBe(true);
        }
      }),
    );
  });

  it('dns: says of each query what came back', async () => {
    const silent = { ...query, rtt_ms: null, response: null, error: 'timeout' };
    const { summary, error } = await FORMATS.dns.digest(
      dnsDocument(query, silent, { ...query, response: 'AAA=' }, { ...query, error: 'not ours' }),
    );
    expect(error).toBeUndefined();
    expect(summary).toEqual([
      expect.objectContaining({ rcode: 'NXDOMAIN', answers: 2, rtt_ms: 3.5, error: null }),
      expect.objectContaining({ rcode: null, answers: null, rtt_ms: null, error: 'timeout' }),
      expect.objectContaining({
        rcode: null,
        answers: null,
        error: 'the answer cannot be read: 2 bytes are no DNS message',
      }),
      expect.objectContaining({ rcode: null, answers: null, flags: null, error: 'not ours' }),
    ]);
  });

  // The header's four bits, and the upper eight in the place of the OPT record's TTL (RFC 6891, section 6.1.3). The names are IANA's,
  // and dig 9.18 prints them so.
  it.each([
    ['NOTAUTH', '8009', null, null],
    ['DSOTYPENI', '800b', null, null],
    ['RCODE12', '800c', null, null],
    ['NOERROR', '8000', '00 00 0000', 0],
    ['BADVERS', '8000', '01 00 0000', 0],
    ['BADCOOKIE', '8007', '01 00 0000', 0],
    ['RCODE4095', '800f', 'ff 01 8000', 1],
  ])('dns: reads the response code %s', async (rcode, flags, ttl, version) => {
    const opt = ttl === null ? '' : `${ROOT_OPT} ${ttl} 0000`;
    const response = base64('0001', flags, '0000 0000 0000', ttl === null ? '0000' : '0001', opt);
    const { summary } = await FORMATS.dns.digest(dnsDocument({ ...query, response }));
    expect(summary).toEqual([
      expect.objectContaining({ rcode, answers: 0, edns_version: version, error: null }),
    ]);
  });

  // RFC 6891, sections 6.1.1 and 6.1.2.
  it.each([
    ['half an option', '0001 8000 0000 0000 0000 0001', `${ROOT_OPT} 00000000 0003 000300`],
    [
      'an option longer than its record',
      '0001 8000 0000 0000 0000 0001',
      `${ROOT_OPT} 00000000 0004 0003 0009`,
    ],
    ['two of them', '0001 8000 0000 0000 0000 0002', `${ROOT_OPT} 00000000 0000`.repeat(2)],
    ['one with a name', '0001 8000 0000 0000 0000 0001', '0161 00 0029 04d0 00000000 0000'],
    ['one as an answer', '0001 8000 0000 0001 0000 0000', `${ROOT_OPT} 00000000 0000`],
    ['one that is not there', '0001 8000 0000 0000 0000 0001', ''],
  ])('dns: an OPT record that is malformed is no NOERROR: %s', async (_what, header, opt) => {
    const { summary } = await FORMATS.dns.digest(dnsDocument({ ...query, response: base64(header, opt) }));
    expect(summary).toEqual([
      expect.objectContaining({
        rcode: null,
        answers: null,
        error: expect.stringMatching(/^the answer cannot be read: /),
      }),
    ]);
  });

  it('dns: says which bits of an answer are set', async () => {
    const response = base64('0001 87b0 0000 0000 0000 0000');
    const { summary } = await FORMATS.dns.digest(dnsDocument({ ...query, response }));
    expect(summary).toMatchObject([{ flags: ['aa', 'tc', 'rd', 'ra', 'ad', 'cd'] }]);
  });

  it('dns: a zone transfer is one look-up, however many messages it has', async () => {
    const transfer = { ...query, type: 'AXFR', class: 'IN', transport: 'tcp', query: 'AAE=', sent_at: 'now' };
    const message = (index: number) => ({ ...transfer, rtt_ms: index });
    const first = Array.from({ length: 2_000 }, (_, index) => message(index + 1));
    const cut = { ...transfer, rtt_ms: null, response: null, error: 'the resolver closed the connection' };
    const other = { ...message(7), query: 'AAI=' };
    const refused = { ...message(8), query: 'AAM=', response: base64('0001 8009 0000 0000 0000 0000') };
    const { summary } = await FORMATS.dns.digest(dnsDocument(...first, cut, other, refused));
    const row = { type: 'dns', qclass: 'IN', qtype: 'AXFR' };
    expect(summary).toEqual([
      expect.objectContaining({
        ...row,
        messages: 2_000,
        answers: 4_000,
        rtt_ms: 1,
        error: 'the resolver closed the connection',
      }),
      expect.objectContaining({ ...row, messages: 1, answers: 2, rtt_ms: 7, error: null }),
      expect.objectContaining({ ...row, messages: 1, answers: 0, rtt_ms: 8, rcode: 'NOTAUTH', error: null }),
    ]);
  });

  it.each([
    ['no JSON', Buffer.from('x')],
    ['another version', Buffer.from('{"version":2,"queries":[]}')],
    ['a query without a name', dnsDocument({ ...query, name: undefined })],
    ['a transport that is none', dnsDocument({ ...query, transport: 'pigeon' })],
    ['depth', Buffer.from(`{"version":1,"queries":[],"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)],
    ['very many values', Buffer.from(`{"version":1,"queries":[],"x":[${'{},'.repeat(600_000)}1]}`)],
  ])('dns: says what is wrong with %s', async (_what, raw) => {
    const { summary, error } = await FORMATS.dns.digest(raw);
    const unreadable = { type: 'dns', error: expect.stringMatching(/^cannot be read: /) };
    expect([summary, error]).toEqual([summary.map(() => unreadable), expect.stringMatching(/^dns: /)]);
  });

  it('dns: keeps members that this server does not know', async () => {
    const edns = { nsid: `\\"${'[{'.repeat(100)}`, text: [[['"]}']]] };
    const shown = await wholeText(FORMATS.dns.present(dnsDocument({ ...query, edns }), 'json'));
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
    expect(JSON.parse(await wholeText(FORMATS.gzip.present(raw, 'text')))).toBe(text);
  });

  it('warts: reads the gzipped like the plain', async () => {
    const plain = Buffer.from([0x12, 0x05, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0]);
    expect(await FORMATS.warts.digest(gzipSync(plain))).toEqual(await FORMATS.warts.digest(plain));
  });

  it('warts: makes the same of a file at once and in slices, wherever it ends', async () => {
    for (const name of WARTS) {
      const file = readFileSync(join(FIXTURES, name));
      for (let length = 0; length <= file.length; length += 7) {
        const raw = file.subarray(0, length);
        // what is gzipped is never read at once
        expect(await FORMATS.warts.digest(raw)).toEqual({
          ...(await FORMATS.warts.digest(gzipSync(raw))),
          ...(length === 0 && { sentNothing: true, error: expect.any(String) }),
        });
      }
    }
  });

  it('gzip: makes the same of a text at once and in chunks', async () => {
    const text = ';; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN, id: 1\n;; Query time: 3 msec\n';
    const long = gzipSync(text + ' '.repeat(70_000));
    expect(await FORMATS.gzip.digest(long)).toEqual(await FORMATS.gzip.digest(gzipSync(text)));
  });
});

const FIXTURES = join(import.meta.dirname, '../../../warts/test/fixtures');
const WARTS = ['013-ping-c-5-o-2-i-0-2-O-dl-10-77-6-2.warts', '020-trace-P-udp-w-1-q-2-10-77-6-2.warts'];

describe('what is presented at once', () => {
  const texts = fc.string({ unit: 'binary', maxLength: 300 }).map((text) => gzipSync(Buffer.from(text)));
  const anyBytes = fc.uint8Array({ maxLength: 300 }).map((bytes) => gzipSync(bytes));
  const warts = fc.constantFrom(...WARTS.map((name) => readFileSync(join(FIXTURES, name))));
  const whole = fc.oneof(texts, anyBytes, warts);
  const cut = fc.tuple(whole, fc.nat(400)).map(([bytes, length]) => bytes.subarray(0, length));
  const flipped = fc.tuple(whole, fc.nat(4_000), fc.nat(255)).map(([bytes, at, value]) => {
    const copy = Buffer.from(bytes);
    if (at < copy.length) copy[at] = value;
    return copy;
  });

  it.each(RESULT_FORMATS.filter((name) => FORMATS[name].presentAtOnce !== undefined))(
    'is what %s is in pieces, or is left to that',
    async (name) => {
      const { presentAtOnce, present } = FORMATS[name];
      let count = 0;
      const property = async (raw: Buffer, as: 'json' | 'dump') => {
        const text = presentAtOnce?.(raw, as);
        if (text === undefined) return;
        count += 1;
        expect(text).toBe(await wholeText(present(raw, as)));
      };
      await fc.assert(
        fc.asyncProperty(fc.oneof(whole, cut, flipped), fc.constantFrom('json', 'dump'), property),
      );
      expect(count).toBeGreaterThan(0);
    },
  );

  it('is nothing where gzip is damaged, empty or becomes much', () => {
    const text = gzipSync('example.org. 300 IN A 192.0.2.1');
    const atOnce = (raw: Buffer) => FORMATS.gzip.presentAtOnce?.(raw, 'json');
    expect(atOnce(text)).toBe('"example.org. 300 IN A 192.0.2.1"');
    expect(atOnce(gzipSync(''))).toBe('""');
    expect(atOnce(text.subarray(0, -9))).toBeUndefined();
    expect(atOnce(Buffer.alloc(0))).toBeUndefined();
    expect(atOnce(gzipSync(Buffer.alloc(64 * 1024)))).toBe(JSON.stringify('\0'.repeat(64 * 1024)));
    expect(atOnce(gzipSync(Buffer.alloc(64 * 1024 + 1)))).toBeUndefined();
    // two files one behind the other are one text, though the last bytes tell the length of the second
    expect(atOnce(Buffer.concat([gzipSync('a'.repeat(5_000)), gzipSync('b')]))).toBe(
      `"${'a'.repeat(5_000)}b"`,
    );
  });
});
