import { createHash } from 'node:crypto';

/**
 * The name under which a probe keeps its state: the identifier in its token, so that another probe on this machine, or another
 * token, never touches it. The signature is not checked here; the server does that.
 */
export function identityOf(token: string): string {
  const payload = token.split('.')[1];
  if (payload !== undefined) {
    try {
      const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
      const identifier =
        typeof claims === 'object' && claims !== null && 'identifier' in claims ? claims.identifier : null;
      if (typeof identifier === 'string' && /^[0-9a-f]{24}$/i.test(identifier)) return identifier;
    } catch {
      // Not a JWT: its hash names it.
    }
  }
  return createHash('sha256').update(token).digest('hex').slice(0, 24);
}
