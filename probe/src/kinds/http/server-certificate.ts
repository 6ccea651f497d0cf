import type { PeerCertificate, TLSSocket } from 'node:tls';

/** What the server's own certificate says. */
export interface ServerCertificate {
  /** CN of the subject; then the alternative names, as OpenSSL writes them: `DNS:example.org, IP Address:192.0.2.1` */
  subject_cn: string | null;
  alt_names: string | null;
  issuer_cn: string | null;
  issuer_o: string | null;
  issuer_c: string | null;
  /** RFC 3339. */
  not_before: string | null;
  not_after: string | null;
  /** Hexadecimal digits in lower case. */
  serial: string | null;
  fingerprint_sha256: string | null;
  /** Null for keys of another kind. */
  key_type: 'RSA' | 'EC' | null;
  key_bits: number | null;
}

const MAX_NAME_LENGTH = 256;
const MAX_ALT_NAMES_LENGTH = 1024;

/** @returns null where the server showed none, or nothing that can be read */
export function serverCertificateOf(secure: TLSSocket): ServerCertificate | null {
  // an empty object where there is none, which node's types leave out
  const shown: Partial<PeerCertificate> & { asn1Curve?: string; nistCurve?: string } =
    secure.getPeerCertificate();
  const { subject, issuer, bits } = shown;
  if (typeof shown.fingerprint256 !== 'string') return null;
  return {
    subject_cn: wordOf(subject?.CN),
    alt_names: wordOf(shown.subjectaltname, MAX_ALT_NAMES_LENGTH),
    issuer_cn: wordOf(issuer?.CN),
    issuer_o: wordOf(issuer?.O),
    issuer_c: wordOf(issuer?.C),
    not_before: instantOf(shown.valid_from),
    not_after: instantOf(shown.valid_to),
    serial: wordOf(shown.serialNumber)?.toLowerCase() ?? null,
    fingerprint_sha256: shown.fingerprint256.replaceAll(':', '').toLowerCase(),
    key_type: keyTypeOf(shown),
    key_bits: typeof bits === 'number' ? bits : null,
  };
}

function keyTypeOf(shown: {
  asn1Curve?: string;
  nistCurve?: string;
  modulus?: unknown;
}): 'RSA' | 'EC' | null {
  if (shown.asn1Curve !== undefined || shown.nistCurve !== undefined) return 'EC';
  return shown.modulus === undefined ? null : 'RSA';
}

/** Of a name that is there twice node makes a list: the first. No half of a surrogate pair is left at the end. */
function wordOf(value: unknown, most = MAX_NAME_LENGTH): string | null {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' && first !== ''
    ? first.slice(0, most).replace(/\p{Surrogate}$/u, '')
    : null;
}

function instantOf(value: unknown): string | null {
  const time = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}
