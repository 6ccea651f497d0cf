import { MAX_URLS } from '@pladmed/protocol';
import { isIPv6 } from 'node:net';
import { z } from 'zod';
import { hostName, ipLiteral, toggle, whole } from '../params.js';

const MAX_URL_LENGTH = 2_048;
export const MAX_TIMEOUT_S = 60;
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** Scheme, host, port, and a path or query of visible ASCII without `#` and backslash; no credentials. */
const SHAPE =
  /^https?:\/\/(\[[\da-f:.]+\]|[^[\]/?#@:\\]+)(?::(\d{1,5}))?(?:[/?][\x21\x22\x24-\x5b\x5d-\x7e]*)?$/i;

/**
 * A URL whose host is written as hosts are in `ips` and `fqdns`. The URL parser would take `0x7f.1`, `2130706433` and letters of
 * other widths for addresses, too: none of them gets that far.
 */
export function isMeasurableUrl(text: string): boolean {
  if (text.length > MAX_URL_LENGTH) return false;
  const [matched, host = '', port = '80'] = SHAPE.exec(text) ?? [];
  if (matched === undefined || Number(port) < 1 || Number(port) > 65_535) return false;
  return isMeasurableHost(host) && URL.canParse(text);
}

/**
 * Path and query as the URL has them: the URL parser would make `/b` of `/a/%2e%2e/b`.
 * @param url one that isMeasurableUrl() takes
 */
export function requestTarget(url: string): string {
  const [, rest = ''] = /^https?:\/\/[^/?]+(.*)$/i.exec(url) ?? [];
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function isMeasurableHost(host: string): boolean {
  if (host.startsWith('[')) return isIPv6(host.slice(1, -1));
  return hostName.safeParse(host).success || ipLiteral.safeParse(host).success;
}

const url = z.string().refine(isMeasurableUrl, 'is no http or https URL that may be measured');

export const httpParams = z.object({
  urls: z.array(url).min(1).max(MAX_URLS),
  method: z.enum(['GET', 'HEAD']).default('GET'),
  ipv4: toggle,
  ipv6: toggle,
  /** Of each request, in seconds, from the connection to the end of the answer. */
  timeout_s: whole(1, MAX_TIMEOUT_S),
  /** In bytes; the rest of a body is not read. */
  max_body_bytes: whole(0, MAX_BODY_BYTES),
});

export type HttpParams = z.infer<typeof httpParams>;

export const DEFAULT_TIMEOUT_S = 10;
export const DEFAULT_BODY_BYTES = 1024 * 1024;
/** Of all bodies of a run together. */
export const MAX_RUN_BODY_BYTES = 64 * 1024 * 1024;
