import { DEFAULT_TCP_PORT, isIpLiteral } from '@pladmed/protocol';
import { type FoundOperation, overAt, type Phase, phaseOf } from '../../../core/assignments/index.js';
import { DomainError } from '../../../platform/errors/domain.error.js';
import { KINDS } from '../../../measurement/kinds/index.js';
import {
  askedFamily,
  ATLAS_TYPES,
  type AtlasKind,
  atlasKind,
  familyOf,
  intervalOf,
  type Members,
  numberIn,
  textIn,
  wholeSeconds,
} from '../../../measurement/atlas/common.js';

const DAY_S = 86_400;
/** What stands around the payload of a ping. */
const PING_HEADERS = { 4: 28, 6: 48 } as const;

const STATUSES: Readonly<Record<Phase, { id: number; name: string }>> = {
  scheduled: { id: 1, name: 'Scheduled' },
  ongoing: { id: 2, name: 'Ongoing' },
  stopped: { id: 4, name: 'Stopped' },
};

/** @throws DomainError not_found, where Atlas has no type for what an operation measures */
export function inAtlas<T extends Pick<FoundOperation, 'kind'>>(operation: T): T {
  if (atlasKind(operation) !== undefined) return operation;
  throw new DomainError('not_found', `Atlas has no type of measurement for ${operation.kind}`);
}

interface Shown {
  /** of the server */
  origin: string;
  now: Date;
  /** numbers of its probes, where they were asked for */
  probes?: readonly number[] | undefined;
  /** what the operator's table says of an address */
  networkOf: (address: string) => { asn: number; prefix: string } | undefined;
}

export function measurement(operation: FoundOperation, { origin, now, probes, networkOf }: Shown): Members {
  const { number, schedule, params, visibility, probe_count, created_at, cost_per_run } = operation;
  const kind = atlasKind(operation) ?? 'ping';
  const target = targetOf(operation);
  const address = target !== null && isIpLiteral(target) ? target : null;
  const af = familyOf(address) ?? askedFamily({ params }) ?? null;
  const interval = intervalOf(operation);
  const network = address === null ? undefined : networkOf(address);
  const participants = probe_count - (operation.probes_removed ?? 0);
  return {
    id: number,
    type: ATLAS_TYPES[kind],
    af,
    description: operation.description ?? '',
    target,
    target_ip: address,
    resolved_ips: address === null ? [] : [address],
    target_asn: network?.asn ?? null,
    target_prefix: network?.prefix ?? null,
    group: null,
    group_id: null,
    is_oneoff: schedule.type === 'once',
    is_public: visibility === 'public',
    is_all_scheduled: true,
    resolve_on_probe: true,
    in_wifi_group: false,
    interval,
    spread: schedule.spread_s ?? null,
    creation_time: wholeSeconds(created_at),
    start_time: wholeSeconds(beginOf(operation)),
    stop_time: stopOf(operation),
    status: statusOf(operation, now),
    probes_requested: operation.selection?.count ?? probe_count,
    probes_scheduled: probe_count,
    participant_count: participants,
    ...(probes && { probes: probes.map((id) => ({ id, url: `${origin}/api/v2/probes/${id}/` })) }),
    tags: operation.tags ?? [],
    result: `${origin}/api/v2/measurements/${number}/results/`,
    credits_per_result: cost_per_run,
    estimated_results_per_day:
      (interval === null ? 1 : Math.max(1, Math.floor(DAY_S / interval))) * participants,
    ...OF_TYPE[kind](params, af ?? 4),
    // as its creator gave it
    ...operation.told,
  };
}

export function statusOf(operation: FoundOperation, now: Date): Members {
  const phase = phaseOf(operation, now);
  const when = phase === 'stopped' ? (operation.stopped_at ?? overAt(operation)) : beginOf(operation);
  return { ...STATUSES[phase], when: wholeSeconds(when) };
}

/** The first of its destinations; of a dns measurement the name server. */
function targetOf(operation: FoundOperation): string | null {
  const { kind, params } = operation;
  if (kind === 'dns') return textIn(params, 'resolver') ?? null;
  const named = kind === 'warts' ? [] : KINDS[kind].params.destinationsOf(params);
  const [first] = named;
  if (first === undefined) return null;
  return kind === 'http' && URL.canParse(first) ? new URL(first).hostname.replace(/^\[|\]$/g, '') : first;
}

function beginOf({ schedule }: FoundOperation): Date {
  return schedule.type === 'once' ? schedule.at : schedule.start;
}

function stopOf({ schedule, stopped_at }: FoundOperation): number | null {
  const stop = stopped_at ?? (schedule.type === 'once' ? undefined : schedule.stop);
  return stop === undefined ? null : wholeSeconds(stop);
}

/** What a type has beside the others, as it was asked for. */
const OF_TYPE: Readonly<Record<AtlasKind, (params: Members, family: 4 | 6) => Members>> = {
  ping: (params, family) => ({
    packets: numberIn(params, 'probecount') ?? null,
    size: (numberIn(params, 'size') ?? 56 + PING_HEADERS[family]) - PING_HEADERS[family],
    packet_interval: (numberIn(params, 'wait') ?? 1) * 1000,
  }),
  traceroute: (params) => {
    const method = textIn(params, 'method') ?? 'udp-paris';
    return {
      protocol: method.startsWith('tcp') ? 'TCP' : method.startsWith('udp') ? 'UDP' : 'ICMP',
      packets: numberIn(params, 'attempts') ?? 2,
      first_hop: numberIn(params, 'firsthop') ?? 1,
      max_hops: numberIn(params, 'maxttl') ?? 255,
      response_timeout: (numberIn(params, 'wait') ?? 5) * 1000,
      port: numberIn(params, 'dport') ?? (method === 'tcp' ? DEFAULT_TCP_PORT : null),
      paris: 1,
    };
  },
  dns: (params) => {
    const type = (textIn(params, 'type') ?? `TYPE${numberIn(params, 'type') ?? 1}`).toUpperCase();
    const [argument = textIn(params, 'x') ?? ''] = KINDS.dns.params.destinationsOf(params);
    return {
      protocol: Object.hasOwn(params, 'tcp') ? 'TCP' : 'UDP',
      query_class: 'IN',
      query_type: type,
      query_argument: argument,
      query: { class: 'IN', type, value: argument },
      use_probe_resolver: params['resolver'] === undefined,
      set_rd_bit: params['rd'] !== false,
      set_cd_bit: Object.hasOwn(params, 'cd'),
      set_do_bit: Object.hasOwn(params, 'do'),
      set_nsid_bit: Object.hasOwn(params, 'nsid'),
      udp_payload_size: numberIn(params, 'udp_size') ?? null,
    };
  },
  http: (params) => {
    const [first = ''] = KINDS.http.params.destinationsOf(params);
    const url = URL.canParse(first) ? new URL(first) : undefined;
    const isSecure = url?.protocol === 'https:';
    return {
      method: textIn(params, 'method') ?? 'GET',
      path: url?.pathname ?? '/',
      query_string: url?.search.replace(/^\?/, '') ?? '',
      port: Number(url?.port || (isSecure ? 443 : 80)),
      https: isSecure,
      max_bytes_read: numberIn(params, 'max_body_bytes') ?? null,
    };
  },
  tls: (params) => ({
    port: numberIn(params, 'port') ?? 443,
    hostname: textIn(params, 'server_name') ?? null,
  }),
  ntp: (params) => ({
    packets: numberIn(params, 'samples') ?? 4,
    timeout: (numberIn(params, 'timeout_s') ?? 2) * 1000,
  }),
};
