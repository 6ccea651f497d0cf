import ipaddr from 'ipaddr.js';
import sift from 'sift';
import { type Summary } from '../../measurement/formats/summary.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type ResultEntity } from '../ingest/index.js';

/** From there (included) to there; for times the end is excluded, for figures it is included. */
export interface Range<T> {
  from?: T | undefined;
  to?: T | undefined;
}

/** By the server's clock, by the schedule, or by the probe's clock as corrected. */
export const RESULT_TIMES = ['received_at', 'scheduled_at', 'started_corrected_at'] as const;

export type ResultTime = (typeof RESULT_TIMES)[number];

/** A network, as ipaddr.js reads `192.0.2.0/24`. */
export type Network = ReturnType<typeof ipaddr.parseCIDR>;

/** What one entry of a summary has to be: one destination or query, with all of it at once. */
export interface EntryFilter {
  /** a name, an address, or a URL, as asked for or measured */
  target?: string | undefined;
  /** each of which holds the address that was measured */
  networks?: readonly Network[] | undefined;
  /** that was measured */
  address?: string | undefined;
  family?: 4 | 6 | undefined;
  /** milliseconds */
  rtt?: Range<number> | undefined;
  /** 0 to 1 */
  loss?: Range<number> | undefined;
  reached?: boolean | undefined;
  /** an address of the path */
  through?: string | undefined;
  throughNetwork?: Network | undefined;
  pathHash?: string | undefined;
  rcode?: string | undefined;
  /** what the data of one of the records contains, in either case */
  answer?: string | undefined;
  httpStatus?: number | undefined;
  /** certificates that end before it */
  expiresBefore?: Date | undefined;
}

/** Results of some operations, those of which all is so. Absent: it may be anything. */
export interface ResultFilter {
  operations: readonly ObjectId[];
  probes?: readonly ObjectId[] | undefined;
  outcome?: ResultEntity['outcome'] | undefined;
  /** of failed runs */
  reason?: string | undefined;
  /** which of its times; absent: received_at */
  time?: ResultTime | undefined;
  between?: Range<Date> | undefined;
  entry?: EntryFilter | undefined;
  /** in which they come: by the time at which the server received them; absent: the oldest first */
  order?: 'asc' | 'desc' | undefined;
}

type Conditions = Record<string, unknown>;

/** Members of summaries that hold an address, and those that hold what was asked for. */
const ADDRESSES = ['dst', 'address', 'resolver'] as const;
const TARGETS = [...ADDRESSES, 'destination', 'name', 'url'] as const;
/** The round-trip time of an entry, which has one of these: of ping and mtr the mean, of http and tls that of the TCP handshake. */
export const RTT_MEMBERS = ['rtt_avg_ms', 'rtt_ms', 'delay_ms', 'connect_ms'] as const;

/** What MongoDB has to look for beside the range of the index; undefined: nothing, each result is one. */
export function conditionsOf({
  probes,
  outcome,
  reason,
  time,
  between,
  entry,
}: ResultFilter): Conditions | undefined {
  const conditions = [
    probes && { probe: { $in: [...probes] } },
    outcome && { outcome },
    reason !== undefined && { 'failure.reason': reason },
    time !== undefined && time !== 'received_at' && between && timeCondition(time, between),
    entry && entryCondition(entry),
  ].filter((condition) => typeof condition === 'object');
  return conditions.length === 0 ? undefined : { $and: conditions };
}

function entryCondition(entry: EntryFilter): Conditions {
  const conditions = entryConditions(entry);
  return { summary: conditions.length === 0 ? { $exists: true } : { $elemMatch: { $and: conditions } } };
}

/**
 * Of what MongoDB cannot be asked: whether an address is of a network.
 * @returns whether an entry of the summary is as it has to be; undefined: nothing is left to ask
 */
export function entryTest(
  entry: EntryFilter | undefined,
): ((summary: readonly Summary[]) => boolean) | undefined {
  const { networks, throughNetwork } = entry ?? {};
  if (entry === undefined || (networks === undefined && throughNetwork === undefined)) return undefined;
  const others = sift.default<Summary>({ $and: [{}, ...entryConditions(entry)] });
  return (summary) =>
    summary.some(
      (each) =>
        others(each) &&
        (networks === undefined || ADDRESSES.some((member) => isWithinAll(each[member], networks))) &&
        (throughNetwork === undefined || isThrough(each['path'], throughNetwork)),
    );
}

function isThrough(path: unknown, network: Network): boolean {
  return Array.isArray(path) && path.some((address) => isWithin(address, network));
}

function isWithinAll(address: unknown, networks: readonly Network[]): boolean {
  return networks.every((network) => isWithin(address, network));
}

function isWithin(address: unknown, network: Network): boolean {
  if (typeof address !== 'string' || !ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  return parsed.kind() === network[0].kind() && parsed.match(network);
}

function timeCondition(time: 'scheduled_at' | 'started_corrected_at', { from, to }: Range<Date>): Conditions {
  if (time === 'scheduled_at') return { scheduled_at: within(from, '$gte', to, '$lt') };
  const corrected = { $add: ['$started_at', '$clock.offset_ms'] };
  return {
    started_at: { $exists: true },
    'clock.offset_ms': { $type: 'number' },
    $expr: {
      $and: [...(from ? [{ $gte: [corrected, from] }] : []), ...(to ? [{ $lt: [corrected, to] }] : [])],
    },
  };
}

function entryConditions(entry: EntryFilter): Conditions[] {
  const { target, address, networks, family, rtt, loss, reached, through, throughNetwork } = entry;
  const { pathHash, rcode, answer, httpStatus, expiresBefore } = entry;
  return [
    target !== undefined && anyOf(TARGETS, [...targetConditions(target)]),
    address !== undefined && anyOf(ADDRESSES, [{ $eq: address }]),
    // what entryTest looks at comes here whole: the fewer the better
    ...(networks ?? []).map((network) => anyOf(ADDRESSES, [{ $regex: beginningOf(network) }])),
    throughNetwork && { path: { $regex: beginningOf(throughNetwork) } },
    family && anyOf(ADDRESSES, [{ $regex: family === 4 ? /^[0-9.]+$/ : /:/ }]),
    rtt && anyOf(RTT_MEMBERS, [within(rtt.from, '$gte', rtt.to, '$lte')]),
    loss && { loss: within(loss.from, '$gte', loss.to, '$lte') },
    reached !== undefined && { reached },
    through !== undefined && { path: through },
    pathHash !== undefined && { path_hash: pathHash },
    rcode !== undefined && { rcode },
    answer !== undefined && { answer_data: { $regex: escaped(answer), $options: 'i' } },
    httpStatus !== undefined && { status: httpStatus },
    // both are RFC 3339 times in UTC with milliseconds
    expiresBefore && { not_after: { $lt: expiresBefore.toISOString() } },
  ].filter((condition) => typeof condition === 'object');
}

/** What an address of a network begins with, of IPv4 by whole numbers; of IPv6 zeros may be left out anywhere. */
function beginningOf([address, length]: Network): RegExp {
  if (address.kind() === 'ipv6') return /:/;
  const numbers = address.toByteArray().slice(0, Math.min(3, Math.floor(length / 8)));
  return new RegExp(`^${numbers.map((number) => `${number}\\.`).join('')}[0-9.]+$`);
}

function* targetConditions(target: string): Iterable<Conditions> {
  if (ipaddr.isValid(target)) yield { $eq: target };
  const text = escaped(target.replace(/\.$/, ''));
  // a name is the same in capitals (RFC 4343), with a dot behind it and as the host of a URL
  yield { $regex: new RegExp(`^${text}\\.?$`, 'i') };
  const host = target.includes(':') && ipaddr.isValid(target) ? `\\[${text}\\]` : text;
  yield { $regex: new RegExp(`^https?://${host}(?::\\d+)?(?:[/?#]|$)`, 'i') };
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function anyOf(members: readonly string[], conditions: readonly Conditions[]): Conditions {
  return { $or: members.flatMap((member) => conditions.map((condition) => ({ [member]: condition }))) };
}

function within(from: unknown, above: string, to: unknown, below: string): Conditions {
  return { ...(from !== undefined && { [above]: from }), ...(to !== undefined && { [below]: to }) };
}
