import { type IncomingHttpHeaders } from 'node:http';
import { type Credential } from './permissions.js';

/** RFC 9562, section 4; of any version. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const AUTHORIZATION = /^(Bearer|Key) +(\S+) *$/i;
/** Where callers of other platforms put a secret. */
const IN_ADDRESSES = ['key', 'api_key', 'apikey', 'access_token', 'token'];

/** @returns what a text is taken for: what has the form of a UUID is a key, everything else a token */
export function credentialIn(text: string): Credential {
  return UUID.test(text) ? { kind: 'key', text: text.toLowerCase() } : { kind: 'token', text };
}

/**
 * @returns the token in `access_token` (classic), or what `Authorization` has: `Bearer` with a token or a key, `Key` with a
 *   key; undefined: neither
 */
export function credentialOf(headers: IncomingHttpHeaders): Credential | undefined {
  const classic = headers['access_token'];
  if (typeof classic === 'string' && classic !== '') return { kind: 'token', text: classic };
  const [, scheme, text] = AUTHORIZATION.exec(headers.authorization ?? '') ?? [];
  if (scheme === undefined || text === undefined) return undefined;
  const credential = credentialIn(text);
  return scheme.toLowerCase() === 'key' && credential.kind !== 'key' ? undefined : credential;
}

/** @returns the name of a query parameter that looks like a secret; undefined: there is none */
export function secretInAddress(query: object): string | undefined {
  return IN_ADDRESSES.find((name) => Object.hasOwn(query, name));
}
