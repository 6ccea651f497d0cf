import {
  DEFAULT_TCP_PORT,
  type DnsParams,
  type HttpParams,
  isIpLiteral,
  type MtrParams,
  namesToAsk,
  type PingParams,
  type TracerouteParams,
} from '@pladmed/protocol';
import { isKindName, KINDS } from './index.js';
import { isSpecialAddress } from '../targets/special-addresses.js';

/** What a Globalping probe (0.50.2) can measure, in our words. */
export const GLOBALPING_KINDS = ['ping', 'traceroute', 'dns', 'http', 'mtr'] as const;
export type GlobalpingKind = (typeof GLOBALPING_KINDS)[number];

/** What such a probe is asked, with every default spelled out: of one `measurement` of its protocol all members. */
export interface GlobalpingMeasurement {
  type: GlobalpingKind;
  /** an address or a name */
  target: string;
  /** whole seconds */
  timeout: number;
  inProgressUpdates: boolean;
  ipVersion: 4 | 6;
  [member: string]: unknown;
}

/** As much of an operation as its probes are asked by. */
export interface GlobalpingJob {
  kind: string;
  params: Record<string, unknown>;
  /** asked for in the words of Globalping: sent in the place of what `params` would say */
  wording?: { protocol: string; request: Record<string, unknown> } | undefined;
}

/** The name of the protocol, as its probes' label and of wordings. */
export const GLOBALPING_PROTOCOL = 'globalping';

/** The longest that a test takes by itself, and what is left for its result to come, in seconds. */
export const RESULT_GRACE_S = 5;

/** How long a test of each kind may take where nobody says, in whole seconds. */
export const TIMEOUTS_S = {
  ping: (packets: number) => Math.max(10, Math.ceil((packets - 1) * 0.5 + 3)),
  mtr: (packets: number) => Math.ceil(packets * 0.5 + 9),
  traceroute: 10,
  dns: 10,
  /** a lookup that is traced from the root on */
  dnsTrace: 25,
  http: 15,
} as const;

export const MOST_PACKETS = 16;

/** Query types that such a probe knows. */
export const GLOBALPING_DNS_TYPES = [
  ...(['A', 'AAAA', 'ANY', 'CNAME', 'DNSKEY', 'DS', 'HTTPS', 'MX'] as const),
  ...(['NS', 'NSEC', 'PTR', 'RRSIG', 'SOA', 'TXT', 'SRV', 'SVCB'] as const),
] as const;

/** What cannot be said; the message is a sentence. */
class Unsayable extends Error {}

/**
 * @returns the requests that one run of an operation is, one for each destination in their order; a text: why such a probe cannot be
 * asked it
 */
export function inGlobalpingWords({
  kind,
  params,
  wording,
}: GlobalpingJob): GlobalpingMeasurement[] | string {
  try {
    if (wording?.protocol === GLOBALPING_PROTOCOL)
      return [checkedTarget(inItsOwnWords(wording.request as GlobalpingMeasurement))];
    // of what was asked for only what was given is stored
    const all = { ...(isKindName(kind) ? KINDS[kind].params.defaults : {}), ...params };
    return requestsOf(kind, all).map(checkedTarget);
  } catch (error) {
    if (error instanceof Unsayable) return error.message;
    throw error;
  }
}

/** Who follows its output is not the request's to say: the operation names those that are asked for progress. */
function inItsOwnWords(request: GlobalpingMeasurement): GlobalpingMeasurement {
  return { ...request, inProgressUpdates: asksForProgress(request.type, request.target) };
}

function requestsOf(kind: string, params: Record<string, unknown>): GlobalpingMeasurement[] {
  switch (kind) {
    case 'ping':
      return pingRequests(params as PingParams);
    case 'traceroute':
      return tracerouteRequests(params as TracerouteParams);
    case 'dns':
      return dnsRequests(params as DnsParams);
    case 'http':
      return httpRequests(params as HttpParams);
    case 'mtr':
      return mtrRequests(params as MtrParams);
    default:
      throw new Unsayable(`a Globalping probe does not know ${kind}`);
  }
}

/** Its protection against private targets has holes: addresses are refused here as well. */
function checkedTarget(measurement: GlobalpingMeasurement): GlobalpingMeasurement {
  const { type, target } = measurement;
  // a name of .in-addr.arpa may be asked for
  if (isSpecialAddress(target) && type !== 'dns')
    throw new Unsayable(`a Globalping probe measures public targets only, and ${target} is none`);
  const resolver = measurement['resolver'];
  if (typeof resolver === 'string' && isSpecialAddress(resolver))
    throw new Unsayable(`a Globalping probe asks public resolvers only, and ${resolver} is none`);
  return measurement;
}

type Families = Pick<PingParams, 'ipv4' | 'ipv6'>;

function targetOf(
  destination: string,
  { ipv4, ipv6 }: Families,
): Pick<GlobalpingMeasurement, 'target' | 'ipVersion'> {
  const onlySix = ipv6 !== undefined && ipv4 === undefined;
  const onlyFour = ipv4 !== undefined && ipv6 === undefined;
  if (!isIpLiteral(destination)) return { target: destination, ipVersion: onlySix ? 6 : 4 };
  const ipVersion = destination.includes(':') ? 6 : 4;
  if ((onlySix && ipVersion === 4) || (onlyFour && ipVersion === 6))
    throw new Unsayable(`${destination} is not of the address family that was asked for`);
  return { target: destination, ipVersion };
}

/** Members of params that have another value than the one that such a probe has in any case would change what is measured. */
function refuse(
  params: object,
  unsayable: Readonly<Record<string, string | number | boolean | undefined>>,
): void {
  for (const [name, own] of Object.entries(unsayable)) {
    const value: unknown = Reflect.get(params, name);
    if (value !== undefined && value !== own)
      throw new Unsayable(
        `a Globalping probe does not know params.${name}${own === undefined ? '' : ` but ${String(own)}`}`,
      );
  }
}

function packets(count: number, name: string): number {
  if (count <= MOST_PACKETS) return count;
  throw new Unsayable(`a Globalping probe sends at most ${MOST_PACKETS} packets: params.${name} is ${count}`);
}

function pingRequests(params: PingParams): GlobalpingMeasurement[] {
  const { ips, fqdns, probecount, method = 'icmp-echo', dport } = params;
  refuse(params, { 'icmp-sum': undefined, sport: undefined, size: undefined, timeout: 2, wait: undefined });
  if (method !== 'icmp-echo' && method !== 'tcp-syn')
    throw new Unsayable(
      `a Globalping probe does not know params.method ${method}: icmp-echo and tcp-syn only`,
    );
  if (method === 'icmp-echo') refuse(params, { dport: undefined });
  const count = packets(probecount, 'probecount');
  return [...ips, ...fqdns].map((destination) => ({
    type: 'ping',
    ...targetOf(destination, params),
    timeout: TIMEOUTS_S.ping(count),
    inProgressUpdates: asksForProgress('ping', destination),
    packets: count,
    protocol: method === 'tcp-syn' ? 'TCP' : 'ICMP',
    port: dport ?? 80,
  }));
}

/**
 * Whether progress has to be asked for whatever the caller wants: without it the probe pings a name that has a private address, and
 * looks at the address afterwards.
 */
export function asksForProgress(type: GlobalpingKind, target: string): boolean {
  return (type === 'ping' || type === 'traceroute') && !isIpLiteral(target);
}

function tracerouteRequests(params: TracerouteParams): GlobalpingMeasurement[] {
  const { ips, fqdns, method = 'udp-paris', dport } = params;
  // the port that such a probe is told is that of TCP: by UDP it goes where it likes
  const isTcp = method === 'tcp';
  refuse(params, {
    ...{ attempts: 2, confidence: 0, sport: undefined, firsthop: 1, maxttl: undefined },
    ...{ wait: undefined, 'wait-probe': 0, ...(!isTcp && { dport: undefined }) },
  });
  return [...ips, ...fqdns].map((destination) => ({
    type: 'traceroute',
    ...targetOf(destination, params),
    timeout: TIMEOUTS_S.traceroute,
    inProgressUpdates: asksForProgress('traceroute', destination),
    protocol: isTcp ? 'TCP' : method === 'udp-paris' ? 'UDP' : 'ICMP',
    port: isTcp ? (dport ?? DEFAULT_TCP_PORT) : DEFAULT_TCP_PORT,
  }));
}

function mtrRequests(params: MtrParams): GlobalpingMeasurement[] {
  const { ips, fqdns, packets: count, protocol, port } = params;
  return [...ips, ...fqdns].map((destination) => ({
    type: 'mtr',
    ...targetOf(destination, params),
    timeout: TIMEOUTS_S.mtr(count),
    inProgressUpdates: false,
    packets: count,
    protocol: protocol.toUpperCase(),
    port,
  }));
}

function dnsRequests(params: DnsParams): GlobalpingMeasurement[] {
  const { fqdns, name, x, type, resolver, resolver_port, tcp } = params;
  refuse(params, {
    ...{ address: undefined, class: 'in', do: undefined, cd: undefined, nsid: undefined, rd: true },
    ...{ udp_size: 1232, ipv4: undefined, ipv6: undefined },
  });
  const wanted = String(type).toUpperCase();
  if (!GLOBALPING_DNS_TYPES.some((known) => known === wanted))
    throw new Unsayable(`a Globalping probe does not ask for records of type ${type}`);
  if (wanted === 'PTR')
    throw new Unsayable('a Globalping probe asks for PTR records by address: use params.x');
  const common = {
    type: 'dns' as const,
    timeout: TIMEOUTS_S.dns,
    inProgressUpdates: false,
    ...(resolver !== undefined && { resolver }),
    protocol: tcp === undefined ? 'UDP' : 'TCP',
    port: resolver_port,
    trace: false,
  };
  const names = namesToAsk(fqdns, name).map((target): GlobalpingMeasurement => ({
    ...common,
    target,
    ipVersion: 4,
    query: { type: wanted },
  }));
  if (x === undefined) return names;
  return [...names, { ...common, target: x, ipVersion: x.includes(':') ? 6 : 4, query: { type: 'PTR' } }];
}

function httpRequests(params: HttpParams): GlobalpingMeasurement[] {
  refuse(params, { timeout_s: 10, max_body_bytes: 1_048_576 });
  return params.urls.map((text) => {
    const url = new URL(text);
    const secure = url.protocol === 'https:';
    return {
      type: 'http',
      ...targetOf(url.hostname.replace(/^\[(.*)\]$/, '$1'), params),
      timeout: TIMEOUTS_S.http,
      inProgressUpdates: false,
      request: { method: params.method, path: url.pathname, query: url.search.slice(1), headers: {} },
      protocol: secure ? 'HTTPS' : 'HTTP',
      port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    };
  });
}
