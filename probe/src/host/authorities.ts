import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';

/** Which authorities the host trusts, as node's own settings say it. */
export interface AuthoritySettings {
  /** NODE_EXTRA_CA_CERTS: a file of more of them. */
  extra: string | undefined;
  /** The system's bundle, `beside` node's own list (--use-system-ca) or `instead` of it (--use-openssl-ca). */
  system: 'no' | 'beside' | 'instead';
  /** SSL_CERT_FILE: where the system's bundle is, if not where systems have it. */
  bundle: string | undefined;
}

export const NODES_OWN: AuthoritySettings = { extra: undefined, system: 'no', bundle: undefined };

/** Where Debian and Alpine, Fedora, SUSE and others have theirs. */
const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** @param flags command line options of node (process.execArgv) */
export function readAuthoritySettings(
  environment: NodeJS.ProcessEnv,
  flags: readonly string[],
): AuthoritySettings {
  const options = [...flags, ...(environment['NODE_OPTIONS'] ?? '').split(/\s+/)];
  const isGiven = (name: string): boolean => options.includes(name);
  const beside = isGiven('--use-system-ca') ? 'beside' : 'no';
  return {
    extra: environment['NODE_EXTRA_CA_CERTS'] || undefined,
    system: isGiven('--use-openssl-ca') ? 'instead' : beside,
    bundle: environment['SSL_CERT_FILE'] || undefined,
  };
}

/**
 * The authorities that the host trusts, as their files are now. Node itself reads them when it starts, and never again.
 */
export class Authorities {
  private known: { pem: string | null; context: SecureContext } | null = null;

  constructor(private readonly settings: AuthoritySettings) {}

  /** @returns PEM, all that are trusted; undefined where node's own list is all there is */
  get list(): string[] | undefined {
    const files = this.files();
    return files === null ? undefined : this.withOwn(files);
  }

  /** For clients of TLS 1.2 and later: made anew when a file has changed. */
  get context(): SecureContext {
    const files = this.files();
    const pem = files?.join('\n') ?? null;
    if (this.known?.pem === pem) return this.known.context;
    const ca = files === null ? undefined : this.withOwn(files);
    const context = createSecureContext({ minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) });
    this.known = { pem, context };
    return context;
  }

  /** @returns what the files have; null where there are none to read, or node alone knows where they are */
  private files(): string[] | null {
    const { extra, system, bundle } = this.settings;
    const ofSystem = system === 'no' ? null : readFirst(bundle === undefined ? BUNDLES : [bundle]);
    if (system === 'instead' && ofSystem === null) return null;
    const texts = [ofSystem, extra === undefined ? null : readFirst([extra])];
    return extra === undefined && ofSystem === null ? null : texts.map((text) => text ?? '');
  }

  private withOwn(files: readonly string[]): string[] {
    const own = this.settings.system === 'instead' ? [] : rootCertificates;
    return [...own, ...files.flatMap(certificatesIn)];
  }
}

function readFirst(paths: readonly string[]): string | null {
  for (const path of paths) {
    try {
      return readFileSync(path, 'latin1');
    } catch {
      // The next one.
    }
  }
  return null;
}

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** RFC 7468; what is no certificate is passed over, since a file may be read while it is written. */
function certificatesIn(pem: string): string[] {
  return (pem.match(BLOCK) ?? []).filter((block) => {
    try {
      return new X509Certificate(block).raw.length > 0;
    } catch {
      return false;
    }
  });
}
