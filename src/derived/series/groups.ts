import { type ObjectId } from '../../platform/database/object-id.js';
import { FATES_WIDTH, type FatesByBucket } from '../../core/runs/index.js';
import { type Observation } from './cell.js';

/** What series are of: all together, or each on its own. `both`: each pair of probe and destination. */
export const GROUPINGS = ['all', 'operation', 'probe', 'destination', 'both'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** @returns whether each probe has series of its own */
export function tellsProbes(by: Grouping): boolean {
  return by === 'probe' || by === 'both';
}

/** Cells of one bucket that wait to be added up. */
const MOST_PARTS = 32;

/** What something in a series is of. */
export interface Origin {
  operation: ObjectId;
  /** null: all of the operation, where series tell no probes apart */
  probe: ObjectId | null;
  destination: string | null;
}

/** What tells a series from others of an answer. */
export interface SeriesOf {
  operation?: ObjectId;
  probe?: ObjectId;
  destination?: string | null;
}

/** One series: what was found for each of its buckets. */
export interface Group extends SeriesOf {
  /** packed cells that are to be added up, by bucket */
  packed: (Uint8Array[] | undefined)[];
  /** the same as it was observed */
  observed: (Observation[] | undefined)[];
  runs: FatesByBucket;
}

/** Sorts what is found into series. */
export class Groups {
  private readonly groups = new Map<string, Group>();
  /** of those series that have the same: series of several destinations have the same runs */
  private readonly runs = new Map<string, { origin: SeriesOf; counts: FatesByBucket }>();

  constructor(
    private readonly by: Grouping,
    private readonly buckets: number,
    /** @throws where there are too many series */
    private readonly check: (series: number) => void,
    private readonly merge: (cells: readonly Uint8Array[]) => Uint8Array,
  ) {}

  /** @returns the series that something is in */
  of(origin: Origin): Group {
    const kept = this.keep(origin);
    const key = keyOf(kept);
    const known = this.groups.get(key);
    if (known !== undefined) return known;
    this.check(this.groups.size + 1);
    const group = this.make(kept);
    this.groups.set(key, group);
    return group;
  }

  addPacked({ packed }: Group, bucket: number, cell: Uint8Array): void {
    const parts = (packed[bucket] ??= []);
    parts.push(cell);
    // what one was cut from is in memory as long as it is
    if (parts.length >= MOST_PARTS) packed[bucket] = [this.merge(parts)];
  }

  addObserved(origin: Origin, bucket: number, observation: Observation): void {
    const { observed } = this.of(origin);
    (observed[bucket] ??= []).push(observation);
  }

  addRuns(origin: Omit<Origin, 'destination'>, fates: FatesByBucket): void {
    const counts = this.runsOf(this.keep(origin));
    for (let place = 0; place < counts.length; place += 1)
      counts[place] = (counts[place] ?? 0) + (fates[place] ?? 0);
  }

  /** By operation, probe and destination. Runs of which nothing came are in a series too. */
  list(): Group[] {
    const covered = new Set([...this.groups.values()].map(({ runs }) => runs));
    for (const { origin, counts } of this.runs.values())
      if (!covered.has(counts)) this.groups.set(`${keyOf(origin)} none`, this.make(origin));
    return [...this.groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
  }

  private make(origin: SeriesOf): Group {
    return { ...origin, packed: [], observed: [], runs: this.runsOf(origin) };
  }

  private runsOf({ operation, probe }: SeriesOf): FatesByBucket {
    const origin = { ...(operation && { operation }), ...(probe && { probe }) };
    const key = keyOf(origin);
    const known = this.runs.get(key);
    if (known !== undefined) return known.counts;
    this.check(this.runs.size + 1);
    const counts = new Uint32Array(this.buckets * FATES_WIDTH);
    this.runs.set(key, { origin, counts });
    return counts;
  }

  /** What of an origin tells its series from others. */
  private keep({ operation, probe, destination }: Partial<Origin>): SeriesOf {
    switch (this.by) {
      case 'all':
        return {};
      case 'operation':
        return { ...(operation && { operation }) };
      case 'probe':
        return { ...(probe && { probe }) };
      case 'destination':
        return { ...(destination !== undefined && { destination }) };
      case 'both':
        return { ...(probe && { probe }), ...(destination !== undefined && { destination }) };
    }
  }
}

function keyOf({ operation, probe, destination }: SeriesOf): string {
  return [operation?.toHexString(), probe?.toHexString(), destination === null ? '' : destination]
    .map((part) => part ?? '')
    .join(' ');
}
