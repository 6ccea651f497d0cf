import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readFlight } from './flight.js';
import { suiteName } from './suites.js';

const message = (type: number, body: Buffer) =>
  Buffer.concat([Buffer.from([type, 0, body.length >> 8, body.length & 0xff]), body]);
const record = (type: number, content: Buffer) =>
  Buffer.concat([Buffer.from([type, 3, 3, content.length >> 8, content.length & 0xff]), content]);
const vector = (lengthBytes: number, content: Buffer) => {
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(content.length, 0, lengthBytes);
  return Buffer.concat([length, content]);
};

/** A server's hello, certificates, request and end in TLS 1.2, as RFC 5246, section 7.4, has them. */
const HELLO = message(
  2,
  Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32, 7), Buffer.from([0, 0xc0, 0x2f, 0])]),
);
const CERTIFICATES = [Buffer.from('one'), Buffer.from('another')];
const CERTIFICATE = message(11, vector(3, Buffer.concat(CERTIFICATES.map((each) => vector(3, each)))));
const REQUEST = message(13, Buffer.from([1, 64, 0, 0, 0, 0]));
const DONE = message(14, Buffer.alloc(0));
const FLIGHT = Buffer.concat([HELLO, CERTIFICATE, REQUEST, DONE]);
const facts = {
  version: 'TLSv1.2',
  cipher: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  alpn: null,
  certificates: CERTIFICATES,
  clientCertificateRequested: true,
};

describe('what a server said in a handshake', () => {
  test('is read however it was put into records', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: FLIGHT.length }), { maxLength: 5 }), (cuts) => {
        const at = [0, ...[...cuts].sort((one, other) => one - other), FLIGHT.length];
        const records = at.slice(1).map((end, index) => record(22, FLIGHT.subarray(at[index], end)));
        expect(readFlight(Buffer.concat(records), null)).toEqual(facts);
      }),
    );
  });

  test('is kept as far as it came', () => {
    const whole = record(22, FLIGHT);
    const none = {
      version: null,
      cipher: null,
      alpn: null,
      certificates: [],
      clientCertificateRequested: null,
    };
    expect(readFlight(whole.subarray(0, -1), null)).toEqual(none);
    const inRecords = [HELLO, CERTIFICATE, DONE].map((each) => record(22, each));
    expect(readFlight(Buffer.concat(inRecords.slice(0, 1)), null)).toMatchObject({
      version: 'TLSv1.2',
      certificates: [],
    });
    expect(readFlight(Buffer.concat(inRecords.slice(0, 2)), null)).toEqual({
      ...facts,
      clientCertificateRequested: null,
    });
    expect(readFlight(Buffer.concat(inRecords), null)).toEqual({
      ...facts,
      clientCertificateRequested: false,
    });
  });

  test('whatever came is no error', () => {
    const whole = record(22, FLIGHT);
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 8 }), fc.nat(whole.length), (changes, length) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        expect(readFlight(bytes.subarray(0, length), Buffer.alloc(32)).certificates.length).toBeLessThan(100);
      }),
      { numRuns: 1_000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        readFlight(Buffer.from(bytes), Buffer.alloc(48));
      }),
    );
  });

  test('suites have the names that OpenSSL knows from IANA', () => {
    const lines = execFileSync('openssl', ['ciphers', '-V', '-stdname', 'ALL']).toString().trim().split('\n');
    const named = lines.map((line) => {
      const [code = '', , name = ''] = line.trim().split(/\s+/);
      return [Number(code.replace(',0x', '')), name] as const;
    });
    const ours = named.filter(([code]) => suiteName(code).startsWith('TLS_'));
    expect(ours.length).toBeGreaterThan(20);
    expect(ours.map(([code]) => suiteName(code))).toEqual(ours.map(([, name]) => name));
    expect(suiteName(0x0a0a)).toBe('0x0A0A');
  });
});
