import { parseRfc3339 } from '@pladmed/protocol';
import ipaddr from 'ipaddr.js';
import { createHash } from 'node:crypto';
import { type EntryFilter, type Network, type ResultFilter } from '../../core/results/index.js';
import { type ObjectId, parseId } from '../../platform/database/object-id.js';
import { askedIn, type ResultsQuery } from './dto/results-query.dto.js';

type FilterQuery = Omit<ResultsQuery, 'order' | 'view' | 'format'> & Partial<Pick<ResultsQuery, 'order'>>;

/**
 * What a checked query asks for, of results of these operations.
 * @param among the probes that it asks for by tag or place; undefined: it does not
 */
export function filterOf(
  operations: readonly ObjectId[],
  query: FilterQuery,
  among?: readonly ObjectId[],
): ResultFilter {
  const { probe, outcome, reason, time, from, to, order } = query;
  const entry = entryOf(query);
  return {
    operations,
    probes: bothOf(
      probe?.map(parseId).filter((id) => id !== undefined),
      among,
    ),
    outcome,
    reason,
    time,
    between: rangeOf(instantOf(from), instantOf(to)),
    entry: Object.values(entry).some((member) => member !== undefined) ? entry : undefined,
    order,
  };
}

/** What a cursor is of: what the query asks for. @param path of what it is asked */
export function digestOf(query: object, path: string): string {
  return createHash('sha1')
    .update(JSON.stringify([path, ...askedIn(query).sort()]))
    .digest('hex')
    .slice(0, 8);
}

function bothOf(
  named: readonly ObjectId[] | undefined,
  among: readonly ObjectId[] | undefined,
): readonly ObjectId[] | undefined {
  if (named === undefined || among === undefined) return named ?? among;
  const known = new Set(among.map((id) => id.toHexString()));
  return named.filter((id) => known.has(id.toHexString()));
}

function entryOf(query: FilterQuery): EntryFilter {
  const { target, network, family, rtt_from, rtt_to, loss_from, loss_to, path, rcode, http_status } = query;
  const networks = [target, network].filter((text) => text !== undefined && isNetwork(text));
  return {
    target: isNetwork(target) ? undefined : normal(target),
    networks: networks.length > 0 ? networks.map(networkOf) : undefined,
    address: isNetwork(network) ? undefined : normal(network),
    family,
    rtt: rangeOf(rtt_from, rtt_to),
    loss: rangeOf(loss_from, loss_to),
    reached: query.reached,
    ...(isNetwork(path) ? { throughNetwork: networkOf(path) } : { through: normal(path) }),
    pathHash: query.path_hash,
    rcode: rcode?.toUpperCase(),
    answer: query.answer,
    httpStatus: http_status,
    expiresBefore: instantOf(query.expires_before),
  };
}

function rangeOf<T>(from: T | undefined, to: T | undefined): { from?: T; to?: T } | undefined {
  return from === undefined && to === undefined ? undefined : ({ from, to } as { from?: T; to?: T });
}

function instantOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : parseRfc3339(text);
}

function isNetwork(text = ''): boolean {
  return ipaddr.isValidCIDR(text);
}

function networkOf(text = ''): Network {
  return ipaddr.parseCIDR(text);
}

/** An address as summaries write it (RFC 5952); anything else as it is. */
function normal(text: string | undefined): string | undefined {
  return text !== undefined && ipaddr.IPv6.isValid(text) ? ipaddr.parse(text).toString() : text;
}
