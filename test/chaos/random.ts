const GOLDEN = 0x6d2b79f5;
const RANGE = 2 ** 32;

/**
 * Chance that repeats: mulberry32 (Tommy Ettinger, public domain), 32 bits of state. Whoever needs chance of its own takes a
 * branch, so that one that draws more often does not change what the others get.
 */
export class Random {
  private state: number;

  constructor(private readonly seed: number) {
    this.state = seed >>> 0;
  }

  /** A stream of its own: the same for the same seed and name. */
  branch(name: string): Random {
    let hash = 0x811c9dc5;
    for (const byte of Buffer.from(`${this.seed}/${name}`)) hash = Math.imul(hash ^ byte, 0x01000193);
    return new Random(hash);
  }

  /** @returns from 0 to 1 (excluded) */
  next(): number {
    this.state = (this.state + GOLDEN) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / RANGE;
  }

  /** @returns a number from `least` to `most`, both included */
  whole(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    const chosen = list[this.whole(0, list.length - 1)];
    if (chosen === undefined) throw new Error('nothing to pick from');
    return chosen;
  }

  /** @param weights by name, 0 or more */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const entries = Object.entries<number>(weights) as [Name, number][];
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) {
      left -= weight;
      if (left < 0) return name;
    }
    throw new Error('no weights');
  }

  /** @returns `count` of them, in any order */
  sample<T>(list: readonly T[], count: number): T[] {
    const left = [...list];
    for (let place = 0; place < Math.min(count, left.length); place += 1) {
      const other = this.whole(place, left.length - 1);
      [left[place], left[other]] = [left[other] as T, left[place] as T];
    }
    return left.slice(0, count);
  }
}
