import { type ColumnOf, OTHER } from './columns.js';

/** One of each bucket; of a column of counts, by what was counted. */
export type Values = (number | null)[] | Record<string, number[]>;
export type ValuesByColumn = Record<string, Values>;
/** The same while it is made. */
type List = (number | null)[] | Map<string, number[]>;

/** Texts that a column of counts tells apart; those that come later are together. */
const MOST_TEXTS = 64;

/** The values of some columns, bucket by bucket. */
export class Lists<T> {
  private readonly lists: List[];

  constructor(
    private readonly columns: readonly ColumnOf<T>[],
    private readonly buckets: number,
  ) {
    this.lists = columns.map(({ type }) => {
      if (type === 'counts') return new Map<string, number[]>();
      return new Array<number | null>(buckets).fill(type === 'count' ? 0 : null);
    });
  }

  put(bucket: number, from: T): void {
    // by number: there are a million of them in a large answer
    for (let index = 0; index < this.columns.length; index += 1) {
      const [value, list] = [this.columns[index]?.of(from) ?? null, this.lists[index]];
      if (Array.isArray(list)) list[bucket] = value as number | null;
      else if (list !== undefined) this.spread(value as ReadonlyMap<string, number>, list, bucket);
    }
  }

  valuesOf(name: string): Values | undefined {
    const list = this.lists[this.columns.findIndex((column) => column.name === name)];
    return list === undefined || Array.isArray(list) ? list : Object.fromEntries(list);
  }

  values(): ValuesByColumn {
    return Object.fromEntries(this.columns.map(({ name }) => [name, this.valuesOf(name) ?? []]));
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
