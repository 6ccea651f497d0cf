interface Waiting<T> {
  item: T;
  done: () => void;
  failed: (error: unknown) => void;
}

/** Many small writes as few large ones: what comes while one is under way is the next one. Nobody waits for who is late. */
export class GroupedWrites<T> {
  private waiting: Waiting<T>[] = [];
  private running = false;

  constructor(private readonly write: (items: T[]) => Promise<void>) {}

  /** @returns when it is written; rejects when its write failed */
  add(item: T): Promise<void> {
    return new Promise((done, failed) => {
      this.waiting.push({ item, done, failed });
      if (!this.running) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.running = true;
    // what comes in this turn of the loop goes together
    await new Promise(setImmediate);
    while (this.waiting.length > 0) {
      const group = this.waiting;
      this.waiting = [];
      try {
        await this.write(group.map(({ item }) => item));
        for (const { done } of group) done();
      } catch (error) {
        for (const { failed } of group) failed(error);
      }
    }
    this.running = false;
  }
}
