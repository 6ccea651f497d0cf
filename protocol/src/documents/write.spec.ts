import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dnsDocument } from '../kinds/dns/dns.document.js';
import { type DocumentDefinition, readDocument } from './document.js';
import { httpDocument } from '../kinds/http/http.document.js';
import { ntpDocument } from '../kinds/ntp/ntp.document.js';
import { tlsDocument } from '../kinds/tls/tls.document.js';
import { writeDocument } from './write.js';

const started_at = '2026-01-01T00:00:00.000Z';
const request = {
  url: 'http://example.org/',
  method: 'GET',
  address: '192.0.2.1',
  port: 80,
  started_at,
  status: 200,
  http_version: '1.1',
  header_bytes: 10,
  body_bytes: 10,
  truncated: false,
  timings: { resolve_ms: 1, connect_ms: 1, tls_ms: 1, first_byte_ms: 1, total_ms: 1 },
  location: null,
  content_type: null,
  content_length: null,
  server: null,
  irregular: [],
  tls: {
    version: null,
    cipher: null,
    alpn: null,
    authorized: null,
    authorization_error: null,
    client_certificate_requested: null,
  },
  error: null,
};
const handshake = {
  destination: 'example.org',
  server_name: null,
  address: '192.0.2.1',
  port: 443,
  started_at,
  timings: { resolve_ms: 1, connect_ms: 1, handshake_ms: 1, total_ms: 1 },
  version: null,
  cipher: null,
  alpn: null,
  authorized: null,
  authorization_error: null,
  chain: [],
  chain_truncated: false,
  subject: null,
  issuer: null,
  not_before: null,
  not_after: null,
  fingerprint_sha256: null,
  error: null,
};
const exchange = {
  destination: 'example.org',
  address: '192.0.2.1',
  port: 123,
  resolve_ms: 1,
  sent_at: started_at,
  version: 4,
  leap: 0,
  stratum: 1,
  poll: 0,
  precision: -20,
  root_delay_ms: 0,
  root_dispersion_ms: 0,
  reference_id: 'GPS',
  reference_time: null,
  offset_ms: 0,
  error_ms: 0,
  delay_ms: 0,
  error: null,
};
const query = {
  name: 'example.org',
  type: 'A',
  resolver: '192.0.2.53',
  port: 53,
  transport: 'udp',
  sent_at: started_at,
  rtt_ms: 1,
  query: '',
  response: null,
  error: null,
};

const KINDS: [string, DocumentDefinition<unknown>, Record<string, unknown>][] = [
  ['http', httpDocument, request],
  ['tls', tlsDocument, handshake],
  ['ntp', ntpDocument, exchange],
  ['dns', dnsDocument, query],
];

const write = (definition: DocumentDefinition<unknown>, ...entries: object[]) => {
  const read = readDocument(definition, Buffer.from(writeDocument(definition, entries)));
  if (typeof read === 'string') throw new Error(read);
  return read;
};

/** What JSON has no word for, what is out of every range, text without end and of half characters, other types. */
const odd = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    Number.NaN,
    Infinity,
    -Infinity,
    -1,
    0.5,
    2 ** 53,
    1e300,
    true,
    '',
    {},
  ),
  fc.string({ unit: 'binary', minLength: 2_000, maxLength: 3_000 }),
  fc.constant('\u{1f4e1}'.repeat(2_000)),
  fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 40 }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Whether a member may be null is what tells what the other side said from what the probe itself knows. */
function mayBeNull({ entry }: DocumentDefinition<unknown>, sound: object, member: string): boolean {
  return entry.safeParse({ ...sound, [member]: null }).success;
}

describe.each(KINDS)('writing a document: %s', (_name, definition, sound) => {
  const members = Object.keys(sound).filter((member) => mayBeNull(definition, sound, member));

  it('leaves what fits as it is', () => {
    expect(write(definition, sound)).toEqual([{ value: sound }]);
  });

  it('whatever the other side said is read, and costs no other entry', () => {
    const mutations = fc.uniqueArray(fc.tuple(fc.constantFrom(...members), odd), {
      selector: ([member]) => member,
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(mutations, (changes) => {
        const changed = { ...sound, ...Object.fromEntries(changes) };
        const [before, entry, after] = write(definition, sound, changed, sound);
        expect([before, after]).toEqual([{ value: sound }, { value: sound }]);
        expect(entry).toHaveProperty('value');
        const { value } = entry as { value: Record<string, unknown> };
        for (const [member, is] of changes) {
          // It came as it was, cut off, or not at all; then the entry says so.
          const fits = definition.entry.safeParse({ ...sound, [member]: is }).success;
          if (!fits && value[member] === null && member !== 'error')
            expect(value['error']).toEqual(expect.stringContaining('does not fit: '));
        }
      }),
    );
  });

  it('what is not to be mended costs its entry alone', () => {
    const broken = [{ ...sound, address: {}, resolver: {} }, {}, { ...sound, port: 'x', name: 7 }];
    const read = write(definition, sound, ...broken, sound);
    expect(read).toHaveLength(5);
    expect([read[0], read[4]]).toEqual([{ value: sound }, { value: sound }]);
  });
});

describe('writing a document', () => {
  it('cuts text off at its bound, between characters', () => {
    const [entry] = write(httpDocument, { ...request, location: '\u{1f4e1}'.repeat(2_049) });
    expect(entry).toEqual({ value: { ...request, location: '\u{1f4e1}'.repeat(2_048) } });
  });

  it('says which member is lost, behind what was said before', () => {
    const timings = { ...request.timings, tls_ms: -1 };
    const [entry] = write(httpDocument, { ...request, status: 1e9, timings, error: 'ECONNRESET' });
    expect(entry).toMatchObject({
      value: {
        status: null,
        timings: { tls_ms: null },
        error: 'ECONNRESET; does not fit: status, timings.tls_ms',
      },
    });
  });

  it('changes nothing of what it was given', () => {
    const given = Object.freeze({ ...request, timings: Object.freeze({ ...request.timings, tls_ms: -1 }) });
    write(httpDocument, given);
    expect(given.timings.tls_ms).toBe(-1);
  });

  it('sends as many entries as fit, and says how many it had more', () => {
    const read = write(ntpDocument, ...new Array<object>(1_005).fill(exchange));
    expect(read).toHaveLength(1_001);
    expect(read.at(-1)).toEqual({ unreadable: { index: 1_000, problem: expect.stringContaining('5 more') } });
  });
});
