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

  /** Whether it was connected at any moment from `time` on. */
  coversAnyFrom(time: number): boolean {
    return (this.stays.at(-1)?.to ?? -Infinity) > time;
  }

  /** Milliseconds between `from` and `to` during which it was connected. */
  during(from: number, to: number): number {
    return this.stays.reduce(
      (sum, stay) => sum + Math.max(0, Math.min(stay.to, to) - Math.max(stay.from, from)),
      0,
    );
  }

  private lastBegunUntil(time: number): Stay | undefined {
    let [low, high] = [0, this.stays.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.stays[middle]?.from ?? Infinity) <= time) low = middle + 1;
      else high = middle;
    }
    return this.stays[low - 1];
  }
}
