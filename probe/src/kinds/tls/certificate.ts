import { X509Certificate } from 'node:crypto';
import { type DetailedPeerCertificate, rootCertificates, type TLSSocket } from 'node:tls';

/** One certificate, as it was sent. */
export interface SentCertificate {
  /** In lower-case hexadecimal digits. */
  fingerprint_sha256: string;
  /** Null where there is none, or what was sent is no certificate. */
  subject: string | null;
  /** Its place in `chain`, from 0; null for one that does not belong to it. */
  in_chain: number | null;
}

/** What the other side showed of itself. */
export interface Certificates {
  /** PEM, the server's own first, each issued by the next. */
  chain: string[];
  /** It went on beyond what is kept; null without a certificate. */
  chain_truncated: boolean | null;
  /** The first of those that were sent, in their order. */
  sent: SentCertificate[];
  sent_count: number | null;
  /** Each one that was sent is issued by the next (RFC 5246, section 7.4.2). */
  sent_in_order: boolean | null;
  subject: string | null;
  issuer: string | null;
  not_before: string | null;
  not_after: string | null;
  /** Of the first, in lower-case hexadecimal digits. */
  fingerprint_sha256: string | null;
}

const MAX_CERTIFICATES = 10;
/** Of those that were sent, so many are looked at. */
const MAX_SENT = 16;
/** Of a chain in PEM; usual ones have 4 to 8 KB. A hundred of them fit into a message. */
const MAX_CHAIN_LENGTH = 32 * 1024;
const MAX_NAME_LENGTH = 256;
/** Keys of the other side may make each one slow. */
const MAX_VERIFICATIONS = 32;

export const NO_CERTIFICATES: Certificates = {
  chain: [],
  chain_truncated: null,
  sent: [],
  sent_count: null,
  sent_in_order: null,
  subject: null,
  issuer: null,
  not_before: null,
  not_after: null,
  fingerprint_sha256: null,
};

/**
 * Puts the chain together from what was sent in whatever order, and from what the probe trusts.
 * @param sent DER, the server's own first (RFC 8446, section 4.4.2)
 * @param known others that may continue it, besides node's own list: those of the host
 */
export function certificatesOf(sent: readonly Buffer[], known: readonly Buffer[] = []): Certificates {
  if (sent.length === 0) return NO_CERTIFICATES;
  const looked = sent.slice(0, MAX_SENT).map((der) => ({ der, certificate: parse(der) }));
  const usable = looked.flatMap(({ certificate }) => certificate ?? []);
  const leaf = looked[0]?.certificate;
  const chain = leaf
    ? chainFrom(
        leaf,
        usable,
        known.flatMap((der) => parse(der) ?? []),
      )
    : [];
  const places = new Map(chain.map((each, index) => [each.fingerprint256, index]));
  return {
    ...kept(chain),
    sent: looked.map(({ certificate }) => ({
      fingerprint_sha256: certificate ? fingerprintOf(certificate) : '',
      subject: nameOf(certificate?.subject),
      in_chain: places.get(certificate?.fingerprint256 ?? '') ?? null,
    })),
    sent_count: sent.length,
    sent_in_order: sent.length === looked.length && isInOrder(looked.map(({ certificate }) => certificate)),
    ...(leaf ? about(leaf) : NOTHING_ABOUT),
  };
}

function parse(der: Buffer): X509Certificate | null {
  try {
    return new X509Certificate(der);
  } catch {
    return null;
  }
}

/** The same certificates give the same chain: where several may be next, what was sent comes first, and of that a root. */
function chainFrom(
  leaf: X509Certificate,
  sent: readonly X509Certificate[],
  known: readonly X509Certificate[],
): X509Certificate[] {
  const chain = [leaf];
  const inChain = new Set([leaf.fingerprint256]);
  const budget = { left: MAX_VERIFICATIONS };
  // One more than is kept, so that it is known that the chain goes on.
  while (chain.length <= MAX_CERTIFICATES) {
    const last = chain.at(-1) ?? leaf;
    if (isIssuedBy(last, last, budget)) break;
    const next =
      issuerOf(last, sent, inChain, budget) ??
      issuerOf(last, known, inChain, budget) ??
      issuerOf(last, rootsNamed(last.issuer), inChain, budget);
    if (next === undefined) break;
    chain.push(next);
    inChain.add(next.fingerprint256);
  }
  return chain;
}

interface Budget {
  left: number;
}

function issuerOf(
  certificate: X509Certificate,
  candidates: readonly X509Certificate[],
  inChain: ReadonlySet<string>,
  budget: Budget,
): X509Certificate | undefined {
  return candidates
    .filter((each) => certificate.checkIssued(each) && !inChain.has(each.fingerprint256))
    .sort(byPreference)
    .find((each) => isIssuedBy(certificate, each, budget));
}

/** Roots first, then those that are valid for longest; the fingerprint settles the rest. */
function byPreference(one: X509Certificate, other: X509Certificate): number {
  const selfIssued = (each: X509Certificate) => (each.issuer === each.subject ? 1 : 0);
  const until = (each: X509Certificate) => Date.parse(each.validTo) || 0;
  return (
    selfIssued(other) - selfIssued(one) ||
    until(other) - until(one) ||
    (one.fingerprint256 < other.fingerprint256 ? -1 : 1)
  );
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate, budget: Budget): boolean {
  if (!certificate.checkIssued(issuer)) return false;
  budget.left -= 1;
  if (budget.left < 0) return true;
  try {
    return certificate.verify(issuer.publicKey);
  } catch {
    // A key of a kind that the TLS library does not know.
    return false;
  }
}

/** RFC 5246, section 7.4.2; RFC 8446, section 4.4.2 wishes for the same. */
function isInOrder(sent: readonly (X509Certificate | null)[]): boolean {
  const budget = { left: MAX_VERIFICATIONS };
  return sent.every((each, index) => {
    const next = sent[index + 1];
    if (each === null) return false;
    if (next === undefined) return true;
    return next !== null && next.fingerprint256 !== each.fingerprint256 && isIssuedBy(each, next, budget);
  });
}

/** What OpenSSL makes of a handshake: it knows the roots that the host has added to node's. DER. */
export function peerChain(secure: TLSSocket): Buffer[] {
  const chain: Buffer[] = [];
  let each: Partial<DetailedPeerCertificate> | undefined = secure.getPeerCertificate(true);
  // One that issued itself is its own next.
  while (each?.raw !== undefined && chain.length <= MAX_CERTIFICATES) {
    chain.push(each.raw);
    if (each.issuerCertificate === each) break;
    each = each.issuerCertificate;
  }
  return chain;
}

let roots: Map<string, X509Certificate[]> | null = null;

/** Of node's own list. */
function rootsNamed(subject: string): readonly X509Certificate[] {
  if (roots === null) {
    roots = new Map();
    for (const pem of rootCertificates) {
      const root = new X509Certificate(pem);
      roots.set(root.subject, [...(roots.get(root.subject) ?? []), root]);
    }
  }
  return roots.get(subject) ?? [];
}

function kept(certificates: readonly X509Certificate[]): Pick<Certificates, 'chain' | 'chain_truncated'> {
  const chain: string[] = [];
  let length = 0;
  for (const { raw } of certificates) {
    const pem = toPem(raw);
    length += pem.length;
    if (chain.length === MAX_CERTIFICATES || length > MAX_CHAIN_LENGTH)
      return { chain, chain_truncated: true };
    chain.push(pem);
  }
  return { chain, chain_truncated: certificates.length === 0 ? null : false };
}

const PEM_LINE = /.{1,64}/g;

/** RFC 7468. */
function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(PEM_LINE) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

type About = Pick<Certificates, 'subject' | 'issuer' | 'not_before' | 'not_after' | 'fingerprint_sha256'>;

const NOTHING_ABOUT: About = {
  subject: null,
  issuer: null,
  not_before: null,
  not_after: null,
  fingerprint_sha256: null,
};

function about(leaf: X509Certificate): About {
  return {
    subject: nameOf(leaf.subject),
    issuer: nameOf(leaf.issuer),
    not_before: timeOf(leaf.validFrom),
    not_after: timeOf(leaf.validTo),
    fingerprint_sha256: fingerprintOf(leaf),
  };
}

function fingerprintOf({ fingerprint256 }: X509Certificate): string {
  return fingerprint256.replaceAll(':', '').toLowerCase();
}

/** A distinguished name has a line for each part; a certificate that names itself by its alternative names only has none. */
function nameOf(lines: string | undefined): string | null {
  return lines === undefined || lines === '' ? null : lines.replaceAll('\n', ', ').slice(0, MAX_NAME_LENGTH);
}

function timeOf(text: string): string | null {
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}
