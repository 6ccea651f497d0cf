import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';

/** What the other side showed of itself. */
export interface Certificates {
  /** PEM, the server's own first, each issued by the next. */
  chain: string[];
  /** It went on beyond what is kept. */
  chain_truncated: boolean;
  subject: string | null;
  issuer: string | null;
  not_before: string | null;
  not_after: string | null;
  /** Of the first, in lower-case hexadecimal digits. */
  fingerprint_sha256: string | null;
}

const MAX_CERTIFICATES = 10;
/** Of a chain in PEM; usual ones have 4 to 8 KB. A hundred of them fit into a message. */
const MAX_CHAIN_LENGTH = 32 * 1024;
const MAX_NAME_LENGTH = 256;

export const NO_CERTIFICATES: Certificates = {
  chain: [],
  chain_truncated: false,
  subject: null,
  issuer: null,
  not_before: null,
  not_after: null,
  fingerprint_sha256: null,
};

/** The chain as OpenSSL put it together: what the server sent, in order of issue, ended by a root of the probe's where it knows it. */
export function certificatesOf(secure: TLSSocket): Certificates {
  const peer = secure.getPeerCertificate(true);
  const leaf = rawOf(peer);
  if (leaf === undefined) return NO_CERTIFICATES;
  return { ...chainOf(peer), ...about(new X509Certificate(leaf)) };
}

/** A cipher suite without certificates gives an empty object. */
function rawOf(certificate: Partial<DetailedPeerCertificate>): Buffer | undefined {
  return certificate.raw;
}

function chainOf(peer: DetailedPeerCertificate): Pick<Certificates, 'chain' | 'chain_truncated'> {
  const chain: string[] = [];
  const seen = new Set<string>();
  let length = 0;
  let each: DetailedPeerCertificate | undefined = peer;
  // One that issued itself is its own next.
  while (each !== undefined && !seen.has(each.fingerprint256)) {
    const raw = rawOf(each);
    if (raw === undefined) break;
    const pem = toPem(raw);
    length += pem.length;
    if (chain.length === MAX_CERTIFICATES || length > MAX_CHAIN_LENGTH)
      return { chain, chain_truncated: true };
    chain.push(pem);
    seen.add(each.fingerprint256);
    each = (each as Partial<DetailedPeerCertificate>).issuerCertificate;
  }
  return { chain, chain_truncated: false };
}

const PEM_LINE = /.{1,64}/g;

/** RFC 7468. */
function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(PEM_LINE) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function about(leaf: X509Certificate): Omit<Certificates, 'chain' | 'chain_truncated'> {
  return {
    subject: nameOf(leaf.subject),
    issuer: nameOf(leaf.issuer),
    not_before: timeOf(leaf.validFrom),
    not_after: timeOf(leaf.validTo),
    fingerprint_sha256: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

/** A distinguished name has a line for each part; a certificate that names itself by its alternative names only has none. */
function nameOf(lines: string | undefined): string | null {
  return lines === undefined || lines === '' ? null : lines.replaceAll('\n', ', ').slice(0, MAX_NAME_LENGTH);
}

function timeOf(text: string): string | null {
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}
