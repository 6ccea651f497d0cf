import { type KnownSet, type Moment, newSet, observe, replaceBy, type SetChange } from './known-set.js';

/** What is known of the paths to one destination: of each TTL the addresses that answer there. Index 0 is TTL 1. */
export interface PathState {
  hops: HopState[];
}

/** Null: nothing is known of this TTL. */
type HopState = (KnownSet & { seen: number }) | null;

/** Addresses that answered there, in order. */
export interface HopChange {
  ttl: number;
  before: string[];
  after: string[];
}

export interface PathChange {
  /** by TTL */
  hops: HopChange[];
  since: Moment;
  prior: Moment | undefined;
}

/** Hops beyond it are not looked at. */
export const MOST_HOPS = 64;

export function newPath(): PathState {
  return { hops: [] };
}

/**
 * Takes in one path. A TTL that did not answer, or to which the trace did not come, says nothing.
 * @param path by TTL from 1; null where none answered
 * @returns a change: all TTLs that have something unknown when the first of them is sure
 */
export function observePath(
  state: PathState,
  path: readonly (string | null)[],
  now: Moment,
  prior: Moment | undefined,
): PathChange | undefined {
  const sure = new Map<number, SetChange>();
  for (const [index, address] of path.slice(0, MOST_HOPS).entries()) {
    while (state.hops.length <= index) state.hops.push(null);
    if (address === null) continue;
    const hop = (state.hops[index] ??= { ...newSet(), seen: 0 });
    hop.seen = now.time;
    const change = observe(hop, [address], now, prior);
    if (change !== undefined) sure.set(index, change);
  }
  return sure.size === 0 ? undefined : together(state, sure);
}

/** One reroute is one change: what else is unknown belongs to it, and what is silent since then behind it is learned anew. */
function together(state: PathState, sure: ReadonlyMap<number, SetChange>): PathChange {
  const changes = new Map(sure);
  for (const [index, hop] of state.hops.entries())
    if (hop?.pending !== undefined) changes.set(index, replaceBy(hop, hop.pending));
  const first = [...sure.values()].reduce((a, b) => (b.since.time < a.since.time ? b : a));
  const lowest = Math.min(...changes.keys());
  state.hops = state.hops.map((hop, index) =>
    hop !== null && index > lowest && hop.seen < first.since.time ? null : hop,
  );
  return {
    hops: [...changes]
      .sort(([a], [b]) => a - b)
      .map(([index, { before, after }]) => ({ ttl: index + 1, before: before.sort(), after: after.sort() })),
    since: first.since,
    prior: first.prior,
  };
}
