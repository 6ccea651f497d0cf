import { isIpLiteral } from '@pladmed/protocol';
import { isIPv6 } from 'node:net';
import { type AtlasKind, type AtlasType } from '../../../measurement/atlas/common.js';
import { type Reader } from '../reader.js';

/** What the kinds take, in the units of Atlas. */
const MOST_PING_BYTES = 255;
const MOST_WAIT_MS = 20_000;
const MOST_NTP_MS = 10_000;
const MOST_TEXT = 2_048;
/** What stands around the payload of a ping: the IP header and eight bytes of ICMP. */
const PING_HEADERS = { 4: 28, 6: 48 } as const;

export type Family = 4 | 6;
type Params = Record<string, unknown>;

/** A type of measurement, as it is said in the words of the platform. */
interface TypeStatement {
  kind: AtlasKind;
  /** seconds from one run to the next, where the caller does not say */
  interval: number;
  /** @param target undefined: there is none, which is wrong already unless the type can do without */
  params: (reader: Reader, family: Family, target: string | undefined) => Params;
  /** Names of members by the parameter that they became, so that an error names what the caller wrote. */
  members: Readonly<Record<string, string>>;
  /** Names of members that are noted and shown, and change nothing: docs/atlas.md says which. */
  told: readonly string[];
}

/** Where packets go; a name is resolved by the probe, over the family that is asked for. */
function destination(target: string | undefined, family: Family): Params {
  if (target === undefined) return {};
  return isIpLiteral(target) ? { ips: [target] } : { fqdns: [target], ...familySwitch(family) };
}

function familySwitch(family: Family): Params {
  return { [`ipv${family}`]: '' };
}

/** @returns whole seconds, rounded up, one at least */
function secondsOf(ms: number | undefined, otherwise: number): number {
  return ms === undefined ? otherwise : Math.max(1, Math.ceil(ms / 1000));
}

/** Without the members that are undefined. */
function present(params: Params): Params {
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));
}

function pingParams(reader: Reader, family: Family, target: string | undefined): Params {
  const most = MOST_PING_BYTES - PING_HEADERS[family];
  const size = reader.integer('size', 0, most) ?? reader.integer('packet_size', 0, most) ?? 48;
  return {
    ...destination(target, family),
    probecount: reader.integer('packets', 1, MOST_TEXT) ?? 3,
    size: size + PING_HEADERS[family],
    wait: secondsOf(reader.integer('packet_interval', 0, MOST_WAIT_MS), 1),
  };
}

const METHODS = { ICMP: 'icmp-paris', UDP: 'udp-paris', TCP: 'tcp' } as const;

function tracerouteParams(reader: Reader, family: Family, target: string | undefined): Params {
  const protocol = reader.word('protocol', ['ICMP', 'UDP', 'TCP']) ?? 'UDP';
  const [timeout] = ['timeout', 'response_timeout'].flatMap(
    (name) => reader.integer(name, 0, MOST_WAIT_MS) ?? [],
  );
  // clients name a port whatever the protocol; of ICMP it would be another thing
  const port = reader.integer('port', 1, 65_535);
  return present({
    ...destination(target, family),
    method: METHODS[protocol],
    attempts: reader.integer('packets', 1, MOST_TEXT) ?? 3,
    firsthop: reader.integer('first_hop', 1, 255),
    maxttl: reader.integer('max_hops', 1, 255) ?? 32,
    wait: secondsOf(timeout, 4),
    dport: protocol === 'ICMP' ? undefined : port,
  });
}

/** What would change the query and cannot be done. */
const NO_DNS = ['tls', 'prepend_probe_id', 'use_macros', 'default_client_subnet', 'cookies'];

function dnsParams(reader: Reader, family: Family, target: string | undefined): Params {
  for (const name of NO_DNS)
    if (reader.truth(name) === true) reader.refuse(name, 'must be false: the platform cannot do that');
  reader.word('query_class', ['IN']);
  const name = reader.text('query_argument', 255);
  if (name === undefined && !reader.has('query_argument')) reader.refuse('query_argument', 'is needed');
  const isOwn = reader.truth('use_probe_resolver') === true || target === undefined;
  const isAddress = target !== undefined && isIpLiteral(target);
  const switched = (member: string) => (reader.truth(member) === true ? '' : undefined);
  return present({
    fqdns: name === undefined ? [] : [name === '' ? '.' : name],
    type: reader.text('query_type', 16)?.toLowerCase() ?? 'a',
    tcp: reader.word('protocol', ['UDP', 'TCP']) === 'TCP' ? '' : undefined,
    resolver: isOwn ? undefined : target,
    // the probe's own are asked over whatever they have, as by RIPE's probes: blaeu-resolve says `af: 6` unless it is told otherwise
    ...(!isOwn && !isAddress && familySwitch(family)),
    rd: reader.truth('set_rd_bit'),
    cd: switched('set_cd_bit'),
    do: switched('set_do_bit'),
    nsid: switched('set_nsid_bit'),
    udp_size: reader.integer('udp_payload_size', 512, 4_096),
  });
}

function httpParams(reader: Reader, family: Family, target: string | undefined): Params {
  const isSecure = reader.truth('https') ?? false;
  const port = reader.integer('port', 1, 65_535);
  const path = reader.text('path', MOST_TEXT) ?? '/';
  const query = reader.text('query_string', MOST_TEXT) ?? '';
  if (!path.startsWith('/')) reader.refuse('path', 'must begin with /');
  const host = target !== undefined && isIPv6(target) ? `[${target}]` : (target ?? '');
  const origin = `${isSecure ? 'https' : 'http'}://${host}${port === undefined ? '' : `:${port}`}`;
  const isName = target !== undefined && !isIpLiteral(target);
  return present({
    urls:
      target === undefined ? [] : [`${origin}${path}${query === '' ? '' : `?${query.replace(/^\?/, '')}`}`],
    method: reader.word('method', ['GET', 'HEAD']) ?? 'GET',
    ...(isName && familySwitch(family)),
    max_body_bytes: reader.integer('max_bytes_read', 0, 10_485_760),
  });
}

function tlsParams(reader: Reader, family: Family, target: string | undefined): Params {
  const name = reader.text('hostname', 255);
  return present({
    ...destination(target, family),
    port: reader.integer('port', 1, 65_535),
    server_name: name === undefined || name === '' || isIpLiteral(name) ? undefined : name,
  });
}

function ntpParams(reader: Reader, family: Family, target: string | undefined): Params {
  return {
    ...destination(target, family),
    samples: reader.integer('packets', 1, MOST_TEXT) ?? 3,
    timeout_s: secondsOf(reader.integer('timeout', 0, MOST_NTP_MS), 4),
  };
}

const TARGETS = { ips: 'target', fqdns: 'target' };

export const TYPES: Readonly<Record<AtlasType, TypeStatement>> = {
  ping: {
    ...{ kind: 'ping', interval: 240, params: pingParams },
    members: { ...TARGETS, probecount: 'packets', wait: 'packet_interval' },
    told: ['include_probe_id'],
  },
  traceroute: {
    ...{ kind: 'traceroute', interval: 900, params: tracerouteParams },
    members: {
      ...{ ...TARGETS, method: 'protocol', attempts: 'packets', firsthop: 'first_hop', maxttl: 'max_hops' },
      ...{ wait: 'timeout', dport: 'port' },
    },
    told: [
      ...['paris', 'size', 'port', 'timeout', 'response_timeout', 'duplicate_timeout', 'dont_fragment'],
      ...['destination_option_size', 'hop_by_hop_option_size'],
    ],
  },
  dns: {
    ...{ kind: 'dns', interval: 240, params: dnsParams },
    members: {
      fqdns: 'query_argument',
      type: 'query_type',
      resolver: 'target',
      udp_size: 'udp_payload_size',
    },
    told: ['retry', 'timeout', 'include_abuf', 'include_qbuf', ...NO_DNS],
  },
  http: {
    ...{ kind: 'http', interval: 1_800, params: httpParams },
    members: { urls: 'target', max_body_bytes: 'max_bytes_read' },
    told: ['header_bytes', 'version', 'user_agent', 'extended_timing', 'more_extended_timing'],
  },
  sslcert: {
    ...{ kind: 'tls', interval: 900, params: tlsParams },
    members: { ...TARGETS, server_name: 'hostname' },
    told: [],
  },
  ntp: {
    ...{ kind: 'ntp', interval: 1_800, params: ntpParams },
    members: { ...TARGETS, samples: 'packets', timeout_s: 'timeout' },
    told: ['port', 'size'],
  },
};

export const TYPE_NAMES = Object.keys(TYPES) as AtlasType[];
