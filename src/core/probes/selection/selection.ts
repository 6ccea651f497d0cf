import { hash } from 'node:crypto';
import { type ObjectId } from '../../../platform/database/object-id.js';
import { type NearLocation } from '../probe-filter.js';
import { type WindowName } from '../reliability-figures.js';

/** What an operation may have of them. 1 MB of ids is not quite twice as many. */
export const MAX_PROBES = 20_000;

/** How many probes, and what is asked of them. The names are those of the API: it is kept and shown as it was asked for. */
export interface SelectionRule {
  count: number;
  connected?: boolean;
  ipv4?: boolean;
  ipv6?: boolean;
  tags?: string[];
  /** the nearest first; without it the choice is random */
  near?: NearLocation;
  /** any of them */
  countries?: string[];
  /** the same as `countries` */
  country?: string[];
  /** any of them: of IPv4 or of IPv6 */
  asn?: number[];
  /** CIDR; inside any of them */
  prefix?: string[];
  /** any of them */
  number?: number[];
  /** any of them, by name */
  sites?: string[];
  kinds?: string[];
  min_uptime?: number;
  min_share?: number;
  window?: WindowName;
  /** ids */
  exclude?: string[];
}

/** A rule that was followed. */
export interface Selection extends SelectionRule {
  /** what the choice among equals was drawn with: the same probes and the same seed give the same choice */
  seed: string;
}

export interface Candidate {
  _id: ObjectId;
  /** from the place that they should be near to, in metres; absent where there is none */
  metres?: number;
}

interface Ranked extends Candidate {
  rank: string;
}

/** A probe's lot: whoever knows the seed can draw it again. */
export function lotOf(seed: string, { _id }: Pick<Candidate, '_id'>): string {
  return hash('sha256', `${seed}:${_id.toHexString()}`, 'hex');
}

/**
 * Keeps the best `count` of any number of candidates: the nearest, and among those that are equally near the lowest lots.
 * Memory does not grow with their number, and their order does not matter.
 */
export class Draw {
  private kept: Ranked[] = [];
  private met = 0;

  constructor(
    private readonly seed: string,
    private readonly count: number,
  ) {}

  /** How many candidates there were. */
  get candidates(): number {
    return this.met;
  }

  add(candidate: Candidate): void {
    this.met += 1;
    this.kept.push({ ...candidate, rank: lotOf(this.seed, candidate) });
    if (this.kept.length >= 2 * this.count + 1_000) this.prune();
  }

  /** Candidates that come in the order of their distances: whether nobody from this distance on can be chosen any more. */
  isSettled(metres: number): boolean {
    return this.met >= this.count && metres > this.nth();
  }

  /** Best first. */
  chosen(): ObjectId[] {
    this.prune();
    return this.kept.map(({ _id }) => _id);
  }

  private nth(): number {
    // in the order of distances: what was kept first is nearest, unless it was sorted, and then it is so too
    return this.kept[this.count - 1]?.metres ?? Infinity;
  }

  private prune(): void {
    this.kept.sort(before);
    this.kept.length = Math.min(this.kept.length, this.count);
  }
}

function before(one: Ranked, other: Ranked): number {
  return (one.metres ?? 0) - (other.metres ?? 0) || (one.rank < other.rank ? -1 : 1);
}
