import { setImmediate as nextTurn } from 'node:timers/promises';
import { type KindName } from '../../measurement/kinds/index.js';
import { FATES, FATES_WIDTH, type FatesByBucket } from '../../core/runs/index.js';
import { Cell } from './cell.js';
import { type CellColumn, type Column } from './columns.js';
import { FIGURES } from './figures.js';
import { type Group } from './groups.js';

/** One of each bucket; of a column of counts, by what was counted. */
export type Values = (number | null)[] | Record<string, number[]>;
export type ValuesByColumn = Record<string, Values>;
/** The same while it is made. */
type List = (number | null)[] | Map<string, number[]>;

/** How long others may have to wait for their turn. */
const TURN_MS = 10;
/** Texts that a column of counts tells apart; those that come later are together. */
const MOST_TEXTS = 64;
const OTHER = 'other';
const NOTHING: readonly never[] = [];
const RECEIVED = FATES.indexOf('received') + 1;
const FAILED = FATES.indexOf('failed') + 1;
const AWAITED = FATES.indexOf('awaited') + 1;

/** Reads the columns out of series, one after the other, and lets others have their turn in between. */
export class ValuesReader {
  private readonly cell: Cell;
  private readonly withSquares: boolean;
  private readonly ofCells: CellColumn[];
  private turn = performance.now();

  constructor(
    kind: KindName,
    private readonly columns: readonly Column[],
    private readonly buckets: number,
  ) {
    this.cell = new Cell(FIGURES[kind]);
    this.ofCells = columns.filter((column): column is CellColumn => !column.isOfRuns);
    this.withSquares = this.ofCells.some(({ needsSquares }) => needsSquares);
  }

  async read(group: Group): Promise<ValuesByColumn> {
    if (performance.now() - this.turn > TURN_MS) {
      await nextTurn();
      this.turn = performance.now();
    }
    const lists = this.ofCells.map((column) => this.emptyOf(column));
    if (lists.length > 0)
      for (let bucket = 0; bucket < this.buckets; bucket += 1) this.readCell(group, bucket, lists);
    const values: ValuesByColumn = {};
    for (const column of this.columns) {
      const list = column.isOfRuns ? undefined : lists[this.ofCells.indexOf(column)];
      if (list === undefined) values[column.name] = runValues(column.name, group.runs, this.buckets);
      else values[column.name] = Array.isArray(list) ? list : Object.fromEntries(list);
    }
    return values;
  }

  private emptyOf({ type }: Column): List {
    if (type === 'counts') return new Map();
    return new Array<number | null>(this.buckets).fill(type === 'count' ? 0 : null);
  }

  private readCell({ packed, observed }: Group, bucket: number, lists: readonly List[]): void {
    const parts = packed[bucket] ?? NOTHING;
    const observations = observed[bucket] ?? NOTHING;
    if (parts.length + observations.length === 0) return;
    const cell = this.cell.reset();
    for (const part of parts) cell.absorb(part, this.withSquares);
    for (const observation of observations) cell.add(observation);
    // by number: there are a million of them in a large answer
    for (let index = 0; index < this.ofCells.length; index += 1) {
      const [value, list] = [this.ofCells[index]?.of(cell) ?? null, lists[index]];
      if (Array.isArray(list)) list[bucket] = value as number | null;
      else if (list !== undefined) this.spread(value as ReadonlyMap<string, number>, list, bucket);
    }
  }

  private spread(counts: ReadonlyMap<string, number>, lists: Map<string, number[]>, bucket: number): void {
    for (const [text, count] of counts) {
      const key = lists.has(text) || lists.size < MOST_TEXTS ? text : OTHER;
      const list = lists.get(key) ?? new Array<number>(this.buckets).fill(0);
      lists.set(key, list);
      list[bucket] = (list[bucket] ?? 0) + count;
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
