import { isIpLiteral } from '@pladmed/protocol';
import ipaddr from 'ipaddr.js';
import { isIPv6 } from 'node:net';
import { type Asked, type OptionsOf } from './options.js';

/** A measurement in the parameters of native probes. */
export interface NativeParams {
  params: Record<string, unknown>;
  /** the parameters say all of it; else native probes would measure something else */
  isExact: boolean;
}

/** So many bytes of a body are read: what Globalping's clients are shown of one. */
const BODY_BYTES = 10_000;
/** Between two packets to one hop nobody waits longer than this: a test has few seconds. */
const PATIENCE_S = 1;

/** @returns what an operation has as its parameters, for those who look at it here and for native probes */
export function nativeParams(asked: Asked, timeout: number): NativeParams {
  const { target } = asked;
  switch (asked.type) {
    case 'ping':
      return ping(target, asked.options);
    case 'traceroute':
      return traceroute(target, asked.options);
    case 'dns':
      return dns(target, asked.options);
    case 'mtr':
      return mtr(target, asked.options);
    case 'http':
      return http(target, asked.options, timeout);
  }
}

function ping(target: string, { packets, protocol, port, ipVersion }: OptionsOf<'ping'>): NativeParams {
  const method = protocol === 'TCP' ? { method: 'tcp-syn', dport: port } : { method: 'icmp-echo' };
  const params = { ...destination(target, ipVersion), probecount: packets, ...method, timeout: PATIENCE_S };
  return { params, isExact: true };
}

const METHODS = { ICMP: 'icmp-paris', UDP: 'udp-paris', TCP: 'tcp' } as const;

function traceroute(target: string, { protocol, port, ipVersion }: OptionsOf<'traceroute'>): NativeParams {
  const method = METHODS[protocol];
  const tcp = protocol === 'TCP' ? { dport: port } : {};
  const params = { ...destination(target, ipVersion), method, ...tcp, attempts: 2, wait: PATIENCE_S };
  return { params, isExact: true };
}

function mtr(target: string, { packets, protocol, port, ipVersion }: OptionsOf<'mtr'>): NativeParams {
  const params = { ...destination(target, ipVersion), packets, protocol: protocol.toLowerCase(), port };
  return { params, isExact: true };
}

function dns(target: string, { query, resolver, protocol, port, trace }: OptionsOf<'dns'>): NativeParams {
  const isAddress = resolver !== undefined && isIpLiteral(resolver);
  const params = {
    fqdns: [query.type === 'PTR' ? reverseName(target) : target],
    type: query.type.toLowerCase(),
    ...(isAddress && { resolver }),
    resolver_port: port,
    ...(protocol === 'TCP' && { tcp: '' }),
  };
  const isNamed = resolver !== undefined && !isAddress;
  return { params, isExact: !trace && !isNamed };
}

function http(
  target: string,
  { request, protocol, port, resolver, ipVersion }: OptionsOf<'http'>,
  timeout: number,
): NativeParams {
  const { method, host = target, path, query, headers } = request;
  const scheme = protocol === 'HTTP' ? 'http' : 'https';
  const authority = isIPv6(target) ? `[${target}]` : target;
  const place = `${path.startsWith('/') ? '' : '/'}${path}${query === '' ? '' : `?${query.replace(/^\?/, '')}`}`;
  const isPlain = /^[\x21\x22\x24-\x5b\x5d-\x7e]*$/.test(place) && place.length < 1_500;
  const url = `${scheme}://${authority}${port === undefined ? '' : `:${port}`}${isPlain ? place : '/'}`;
  const isExact =
    isPlain &&
    method !== 'OPTIONS' &&
    host === target &&
    protocol !== 'HTTP2' &&
    resolver === undefined &&
    Object.keys(headers).length === 0;
  const params = {
    urls: [url],
    method: method === 'GET' ? 'GET' : 'HEAD',
    ...family(target, ipVersion),
    timeout_s: timeout,
    max_body_bytes: BODY_BYTES,
  };
  return { params, isExact };
}

function destination(target: string, ipVersion: 4 | 6): Record<string, unknown> {
  return isIpLiteral(target) ? { ips: [target] } : { fqdns: [target], ...family(target, ipVersion) };
}

/** An address has its family; for a name it is a switch. */
function family(target: string, ipVersion: 4 | 6): Record<string, ''> {
  return isIpLiteral(target) ? {} : { [`ipv${ipVersion}`]: '' };
}

/** RFC 1035, section 3.5; RFC 3596, section 2.5. */
function reverseName(address: string): string {
  const parsed = ipaddr.process(address);
  const bytes = parsed.toByteArray();
  if (parsed.kind() === 'ipv4') return `${bytes.reverse().join('.')}.in-addr.arpa`;
  const digits = bytes.flatMap((byte) => [...byte.toString(16).padStart(2, '0')]);
  return `${digits.reverse().join('.')}.ip6.arpa`;
}
