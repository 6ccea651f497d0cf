import { isIPv6 } from 'node:net';
import { isHostNameOrIpv4 } from '../../names.js';
import { listOf } from '../rules.js';

const MAX_URL_LENGTH = 2_048;

/** Scheme, host, port, and a path or query of visible ASCII without `#` and backslash; no credentials. */
const SHAPE =
  /^https?:\/\/(\[[\da-f:.]+\]|[^[\]/?#@:\\]+)(?::(\d{1,5}))?(?:[/?][\x21\x22\x24-\x5b\x5d-\x7e]*)?$/i;

/** What of it a JSON Schema can say. */
const URL_KEYWORDS = {
  maxLength: MAX_URL_LENGTH,
  pattern: String.raw`^[hH][tT][tT][pP][sS]?://(\[[0-9a-fA-F:.]+\]|[0-9A-Za-z.-]+)(:[0-9]{1,5})?([/?][!"$-\[\]-~]*)?$`,
};

/**
 * An http or https URL whose host is written as hosts are in `ips` and `fqdns`. The URL parser would take `0x7f.1`, `2130706433` and
 * letters of other widths for addresses, too. Which addresses may be measured is for the probe's host policy to say.
 */
export function isMeasurableUrl(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > MAX_URL_LENGTH) return false;
  const [matched, host = '', port = '80'] = SHAPE.exec(value) ?? [];
  if (matched === undefined || Number(port) < 1 || Number(port) > 65_535) return false;
  const isHost = host.startsWith('[') ? isIPv6(host.slice(1, -1)) : isHostNameOrIpv4(host);
  return isHost && URL.canParse(value);
}

export const urlList = (most: number) =>
  listOf('http or https URLs without credentials and fragment', isMeasurableUrl, URL_KEYWORDS, most);
