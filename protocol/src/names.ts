import { isIPv4, isIPv6 } from 'node:net';

/** Longest textual IP address: an IPv6 address that ends in a dotted quad. */
export const MAX_IP_LENGTH = 45;

/** Longest host name, without the optional trailing dot (RFC 1123, section 2.1; RFC 1035, section 2.3.4). */
export const MAX_HOST_NAME_LENGTH = 253;

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** Names that are only looked up may begin or end a label with an underscore (RFC 8552). */
const LOOKUP_LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/** What resolvers take for a number in an address: decimal, octal or hexadecimal (inet_aton; WHATWG URL, "ends in a number"). */
const NUMBER_LABEL = /^(?:\d+|0x[\da-f]*)$/i;

/**
 * A strict IP literal: a canonical dotted quad (no octal, hexadecimal or short forms) or an IPv6 address
 * without zone, brackets or port. Which addresses may be measured is for the probe's host policy to say.
 */
export function isIpLiteral(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > MAX_IP_LENGTH) return false;
  // node:net reads a zone (fe80::1%eth0) as part of the address; a zone is free text.
  return isIPv4(value) || (!value.includes('%') && isIPv6(value));
}

/**
 * A host name by RFC 1123, ASCII only, one trailing dot allowed. A name whose last label is a number is none:
 * resolvers read `127.1`, `0x7f.1` and `2130706433` as addresses.
 */
export function isHostName(value: unknown): value is string {
  const labels = labelsOf(value, LABEL);
  return labels !== undefined && !NUMBER_LABEL.test(labels.at(-1) ?? '');
}

/**
 * A name to ask the DNS for, and nothing else: `_sip._tcp.example.org` is one (RFC 8552), and so is `.`, the root.
 * It must never become a destination of packets: resolvers read some of these names as addresses.
 */
export function isLookupName(value: unknown): value is string {
  return value === '.' || labelsOf(value, LOOKUP_LABEL) !== undefined;
}

/** @returns the labels of a name, without the root's; undefined when it is none */
function labelsOf(value: unknown, label: RegExp): string[] | undefined {
  if (typeof value !== 'string' || value.length > MAX_HOST_NAME_LENGTH + 1) return undefined;
  const name = value.endsWith('.') ? value.slice(0, -1) : value;
  if (name.length > MAX_HOST_NAME_LENGTH) return undefined;
  const labels = name.split('.');
  return labels.every((each) => label.test(each)) ? labels : undefined;
}

/** What a list of destinations by name may hold: a host name, or an IPv4 address in canonical form. */
export function isHostNameOrIpv4(value: unknown): value is string {
  return isHostName(value) || (isIpLiteral(value) && isIPv4(value));
}
