import { setImmediate as nextTurn } from 'node:timers/promises';
import { type KindName } from '../../measurement/kinds/index.js';
import { FATES, FATES_WIDTH, type FatesByBucket } from '../../core/runs/index.js';
import { Cell, type Wanted } from './cell.js';
import { type CellColumn, type Column, type HopColumn } from './columns.js';
import { FIGURES } from './figures.js';
import { type Group } from './groups.js';
import { type Hop } from './hops.js';
import { Lists, type Values, type ValuesByColumn } from './lists.js';

/** How long others may have to wait for their turn. */
const TURN_MS = 10;
const NOTHING: readonly never[] = [];
const RECEIVED = FATES.indexOf('received') + 1;
const FAILED = FATES.indexOf('failed') + 1;
const AWAITED = FATES.indexOf('awaited') + 1;

/** The values of one hop of the paths of a series. */
export interface HopValues {
  /** from 1 */
  ttl: number;
  values: ValuesByColumn;
}

/** The values of one series. */
export interface SeriesValues {
  values: ValuesByColumn;
  /** by TTL, where columns of hops are wanted */
  hops?: HopValues[];
}

/** Reads the columns out of series, one after the other, and lets others have their turn in between. */
export class ValuesReader {
  private readonly cell: Cell;
  private readonly wanted: Wanted;
  private readonly ofCells: readonly CellColumn[];
  private readonly ofHops: readonly HopColumn[];
  private hops = 0;
  private turn = performance.now();

  /** @param checkHops throws where there are so many hops of all series that their values are too many */
  constructor(
    kind: KindName,
    private readonly columns: readonly Column[],
    private readonly buckets: number,
    private readonly checkHops: (hops: number) => void = () => undefined,
  ) {
    this.cell = new Cell(FIGURES[kind]);
    this.ofCells = columns.filter((column) => column.from === 'cells');
    this.ofHops = columns.filter((column) => column.from === 'hops');
    this.wanted = {
      squares: [...this.ofCells, ...this.ofHops].some(({ needsSquares }) => needsSquares),
      hops: this.ofHops.length > 0,
    };
  }

  async read(group: Group): Promise<SeriesValues> {
    if (performance.now() - this.turn > TURN_MS) {
      await nextTurn();
      this.turn = performance.now();
    }
    const lists = new Lists<Cell>(this.ofCells, this.buckets);
    const hops: Lists<Hop>[] = [];
    if (this.ofCells.length + this.ofHops.length > 0)
      for (let bucket = 0; bucket < this.buckets; bucket += 1) this.readCell(group, bucket, lists, hops);
    const values: ValuesByColumn = {};
    for (const { name, from } of this.columns) {
      const list = from === 'cells' ? lists.valuesOf(name) : undefined;
      if (list !== undefined) values[name] = list;
      else if (from === 'runs') values[name] = runValues(name, group.runs, this.buckets);
    }
    if (!this.wanted.hops) return { values };
    return { values, hops: hops.map((each, index) => ({ ttl: index + 1, values: each.values() })) };
  }

  private readCell(
    { packed, observed }: Group,
    bucket: number,
    lists: Lists<Cell>,
    hopLists: Lists<Hop>[],
  ): void {
    const parts = packed[bucket] ?? NOTHING;
    const observations = observed[bucket] ?? NOTHING;
    if (parts.length + observations.length === 0) return;
    const cell = this.cell.reset();
    for (const part of parts) cell.absorb(part, this.wanted);
    for (const observation of observations) cell.add(observation);
    lists.put(bucket, cell);
    if (this.wanted.hops)
      for (const [index, hop] of cell.hops.list().entries()) {
        if (hopLists[index] === undefined) {
          this.hops += 1;
          this.checkHops(this.hops);
          hopLists[index] = new Lists<Hop>(this.ofHops, this.buckets);
        }
        hopLists[index].put(bucket, hop);
      }
  }
}

/** Of a column that is from the account of runs. */
function runValues(name: string, runs: FatesByBucket, buckets: number): Values {
  switch (name) {
    case 'runs_received':
      return countsOf(runs, buckets, RECEIVED);
    case 'runs_failed':
      return countsOf(runs, buckets, FAILED);
    case 'runs_fates':
      return fatesOfMissing(runs, buckets);
    default:
      return sumsOf(runs, buckets, name === 'runs_due' ? [] : [RECEIVED, FAILED, AWAITED]);
  }
}

function countsOf(runs: FatesByBucket, buckets: number, code: number): number[] {
  return Array.from({ length: buckets }, (_, bucket) => runs[bucket * FATES_WIDTH + code] ?? 0);
}

/** Of all runs that have a fate but these. */
function sumsOf(runs: FatesByBucket, buckets: number, without: readonly number[]): number[] {
  const sums = new Array<number>(buckets).fill(0);
  for (let code = 1; code < FATES_WIDTH; code += 1) {
    if (without.includes(code)) continue;
    for (let bucket = 0; bucket < buckets; bucket += 1)
      sums[bucket] = (sums[bucket] ?? 0) + (runs[bucket * FATES_WIDTH + code] ?? 0);
  }
  return sums;
}

/** Those that some run has. */
function fatesOfMissing(runs: FatesByBucket, buckets: number): Record<string, number[]> {
  const fates: Record<string, number[]> = {};
  for (const [index, fate] of FATES.entries()) {
    const code = index + 1;
    if (code === RECEIVED || code === FAILED) continue;
    const counts = countsOf(runs, buckets, code);
    if (counts.some((count) => count > 0)) fates[fate] = counts;
  }
  return fates;
}
