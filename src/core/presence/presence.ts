/** One stretch of time during which a probe was connected, in milliseconds since the epoch; `to` is Infinity while it lasts. */
export interface Stay {
  from: number;
  to: number;
}

/** When a probe was connected. */
export class Presence {
  /** sorted, without overlaps */
  private readonly stays: Stay[] = [];

  /** @param stays in any order; they may overlap where a probe was taken over */
  constructor(stays: readonly Stay[]) {
    for (const { from, to } of [...stays].sort((a, b) => a.from - b.from)) {
      const last = this.stays.at(-1);
      if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
      else this.stays.push({ from, to });
    }
  }

  /** Whether it was connected at this time. */
  covers(time: number): boolean {
    const stay = this.lastBegunUntil(time);
    return stay !== undefined && time < stay.to;
  }

  /** Since when `covers` says the same as at this time; -Infinity: always. */
  sameSince(time: number): number {
    const stay = this.lastBegunUntil(time);
    if (stay === undefined) return -Infinity;
    return time < stay.to ? stay.from : stay.to;
  }

  /** Whether it was connected at any moment from `time` on. */
  coversAnyFrom(time: number): boolean {
    return this.end > time;
  }

  /** Milliseconds between `from` and `to` during which it was connected. */
  during(from: number, to: number): number {
    return this.stays.reduce(
      (sum, stay) => sum + Math.max(0, Math.min(stay.to, to) - Math.max(stay.from, from)),
      0,
    );
  }

  /** When it was gone for good; Infinity while it is there, -Infinity if it never was. */
  get end(): number {
    return this.stays.at(-1)?.to ?? -Infinity;
  }

  /** The stretches between `from` and `to` during which it was not connected, in order. */
  *gaps(from: number, to: number): Generator<Stay, void> {
    let gone = from;
    for (const stay of this.stays) {
      if (stay.to <= gone) continue;
      if (stay.from >= to) break;
      if (stay.from > gone) yield { from: gone, to: stay.from };
      gone = stay.to;
    }
    if (gone < to) yield { from: gone, to };
  }

  /** When both were there. */
  and(other: Presence): Presence {
    const both: Stay[] = [];
    let [mine, theirs] = [0, 0];
    for (;;) {
      const [a, b] = [this.stays[mine], other.stays[theirs]];
      if (a === undefined || b === undefined) return new Presence(both);
      const common = { from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) };
      if (common.from < common.to) both.push(common);
      if (a.to < b.to) mine += 1;
      else theirs += 1;
    }
  }

  private lastBegunUntil(time: number): Stay | undefined {
    let [low, high] = [0, this.stays.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.stays[middle]?.from ?? Infinity) <= time) low = middle + 1;
      else high = middle;
    }
    // a place before the first is looked for by name, which takes ten times as long
    return low === 0 ? undefined : this.stays[low - 1];
  }
}
