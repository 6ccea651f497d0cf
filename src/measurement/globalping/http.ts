import { STATUS_CODES } from 'node:http';
import { failed, type TestResult } from './test-result.js';

type Members = Record<string, unknown>;

/** Header fields that native probes keep, by the name that they have in a result. */
const FIELDS: readonly [string, string][] = [
  ['content_type', 'content-type'],
  ['content_length', 'content-length'],
  ['location', 'location'],
  ['server', 'server'],
];

/** @returns a request of a native probe, as Globalping's probes say it: native probes keep few header fields and no body */
export function httpResult(request: Members): TestResult {
  const { address, status, error, method, http_version } = request;
  const timings = timingsOf(membersIn(request, 'timings'), status !== null);
  const more = { resolvedAddress: typeof address === 'string' ? address : null, timings };
  if (typeof status !== 'number') {
    const why = typeof error === 'string' ? error : 'no answer came';
    return failed(`${String(method)} ${String(request['url'])}: ${why}`, 'target', more);
  }
  const headers = Object.fromEntries(
    FIELDS.flatMap(([name, field]) => {
      const value = request[name];
      return typeof value === 'string' || typeof value === 'number' ? [[field, String(value)]] : [];
    }),
  );
  const rawHeaders = Object.entries(headers)
    .map(([field, value]) => `${field}: ${value}`)
    .join('\n');
  const version = typeof http_version === 'string' ? http_version.replace(/^HTTP\//i, '') : '1.1';
  return {
    status: 'finished',
    rawOutput: `HTTP/${version} ${status}\n${rawHeaders}`.trimEnd(),
    ...more,
    headers,
    rawHeaders,
    rawBody: null,
    truncated: request['truncated'] === true,
    statusCode: status,
    statusCodeName: STATUS_CODES[status] ?? '',
    tls: tlsOf(request['tls']),
  };
}

/** Whole milliseconds: the Go client cannot read a fraction. */
function timingsOf(timings: Members, isAnswered: boolean): Record<string, number | null> {
  const whole = (name: string) => {
    const value = timings[name];
    return typeof value === 'number' ? Math.round(value) : null;
  };
  const parts = ['resolve_ms', 'connect_ms', 'tls_ms', 'first_byte_ms'].map((name) =>
    Number(timings[name] ?? 0),
  );
  const total = Number(timings['total_ms'] ?? 0);
  const rest = total - parts.reduce((sum, part) => sum + part, 0);
  return {
    total: Math.round(total),
    dns: whole('resolve_ms'),
    tcp: whole('connect_ms'),
    tls: whole('tls_ms'),
    firstByte: whole('first_byte_ms'),
    download: isAnswered ? Math.max(0, Math.round(rest)) : null,
  };
}

/** Native probes do not keep the public key, and older ones nothing of a certificate: what is not known is null or empty. */
function tlsOf(tls: unknown): object | null {
  if (typeof tls !== 'object' || tls === null) return null;
  const { version, cipher, authorized, authorization_error } = tls as Members;
  const error = typeof authorization_error === 'string' ? { error: authorization_error } : {};
  const told = membersIn(tls as Members, 'certificate');
  return {
    authorized: authorized === true,
    ...error,
    protocol: typeof version === 'string' ? version : null,
    cipherName: typeof cipher === 'string' ? cipher : '',
    createdAt: told['not_before'] ?? null,
    expiresAt: told['not_after'] ?? null,
    subject: namesOf({ CN: told['subject_cn'], alt: told['alt_names'] }),
    issuer: namesOf({ C: told['issuer_c'], O: told['issuer_o'], CN: told['issuer_cn'] }),
    keyType: told['key_type'] ?? null,
    keyBits: told['key_bits'] ?? null,
    serialNumber: octetsOf(told['serial']),
    fingerprint256: octetsOf(told['fingerprint_sha256']),
    publicKey: null,
  };
}

/** Those that are there. */
function namesOf(names: Members): Members {
  return Object.fromEntries(Object.entries(names).filter(([, value]) => typeof value === 'string'));
}

/** As OpenSSL and Globalping's probes write them: `0A:1B`. */
function octetsOf(digits: unknown): string {
  const pairs = typeof digits === 'string' ? digits.match(/../g) : null;
  return (pairs ?? []).join(':').toUpperCase();
}

function membersIn(members: Members, name: string): Members {
  const value = members[name];
  return typeof value === 'object' && value !== null ? (value as Members) : {};
}
