import { type PackReader, type PackWriter } from './packed.js';

/** What is known of some values: how often which came. What it says does not depend on their order. */
export class Tally {
  readonly counts = new Map<string, number>();
  /** of values beyond `most` */
  others = 0;

  /** @param most different values that it tells apart: the first in the order of their texts, so that it depends on nothing else */
  constructor(private readonly most: number) {}

  add(value: string, count: number): void {
    this.counts.set(value, (this.counts.get(value) ?? 0) + count);
    if (this.counts.size <= this.most) return;
    const last = [...this.counts.keys()].reduce((a, b) => (a > b ? a : b));
    this.others += this.counts.get(last) ?? 0;
    this.counts.delete(last);
  }

  reset(): void {
    this.counts.clear();
    this.others = 0;
  }

  absorb(reader: PackReader): void {
    this.others += reader.count();
    for (let left = reader.count(); left > 0; left -= 1) this.add(reader.text(), reader.count());
  }

  write(writer: PackWriter): void {
    writer.count(this.others);
    writer.count(this.counts.size);
    for (const [value, count] of [...this.counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
      writer.text(value);
      writer.count(count);
    }
  }
}
