/** What a part may hold at the most; an item that weighs more is a part of its own. */
export interface PartBounds {
  items?: number;
  /** in whatever the items are weighed in */
  weight?: number;
}

type Weigh<T> = (item: T) => number;

/** Cuts what comes one by one into parts within bounds, in order. */
class Cutter<T> {
  private part: T[] = [];
  private weight = 0;

  constructor(
    private readonly weigh: Weigh<T>,
    private readonly most: PartBounds,
  ) {}

  /** @returns the part that ends before this item, if one does */
  add(item: T): T[] | undefined {
    const { items = Infinity, weight = Infinity } = this.most;
    const more = this.weigh(item);
    const isFull = this.part.length >= items || this.weight + more > weight;
    const ended = isFull && this.part.length > 0 ? this.part : undefined;
    if (ended !== undefined) [this.part, this.weight] = [[], 0];
    this.part.push(item);
    this.weight += more;
    return ended;
  }

  /** @returns the last part; empty when there was no item */
  rest(): T[] {
    return this.part;
  }
}

/** Cuts a list into parts within bounds, in order; an empty list has none. */
export function* inParts<T>(items: Iterable<T>, weigh: Weigh<T>, most: PartBounds): Generator<T[], void> {
  const cutter = new Cutter(weigh, most);
  for (const item of items) {
    const part = cutter.add(item);
    if (part !== undefined) yield part;
  }
  if (cutter.rest().length > 0) yield cutter.rest();
}

/** The same of what comes over time. */
export async function* streamInParts<T>(
  items: AsyncIterable<T>,
  weigh: Weigh<T>,
  most: PartBounds,
): AsyncGenerator<T[], void> {
  const cutter = new Cutter(weigh, most);
  for await (const item of items) {
    const part = cutter.add(item);
    if (part !== undefined) yield part;
  }
  if (cutter.rest().length > 0) yield cutter.rest();
}

/** @returns the first part: as many, from the first on, as are within the bounds together */
export function firstPart<T>(items: Iterable<T>, weigh: Weigh<T>, most: PartBounds): T[] {
  const [first = []] = inParts(items, weigh, most);
  return first;
}
