/** Things that are due at some time, the next one first: a binary heap, so that a probe more costs a step of its logarithm. */
export class DueQueue<Item extends { dueAt: number }> {
  private readonly heap: Item[] = [];

  get size(): number {
    return this.heap.length;
  }

  /** Milliseconds since the epoch; undefined: nothing is due ever. */
  get nextAt(): number | undefined {
    return this.heap[0]?.dueAt;
  }

  add(item: Item): void {
    let place = this.heap.push(item) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.at(parent).dueAt <= item.dueAt) break;
      this.heap[place] = this.at(parent);
      place = parent;
    }
    this.heap[place] = item;
  }

  /** @returns the next one, if it is due by now */
  take(now: number): Item | undefined {
    const [first] = this.heap;
    if (first === undefined || first.dueAt > now) return undefined;
    const last = this.heap.pop();
    if (last !== undefined && last !== first) this.sink(last);
    return first;
  }

  private sink(item: Item): void {
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.heap.length) break;
      if (child + 1 < this.heap.length && this.at(child + 1).dueAt < this.at(child).dueAt) child += 1;
      if (this.at(child).dueAt >= item.dueAt) break;
      this.heap[place] = this.at(child);
      place = child;
    }
    this.heap[place] = item;
  }

  private at(place: number): Item {
    const item = this.heap[place];
    if (item === undefined) throw new RangeError(`there is nothing at ${place}`);
    return item;
  }
}
