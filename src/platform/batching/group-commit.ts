import { isDatabaseAway } from '../errors/database-errors.js';

interface Waiting<Item, Answer> {
  item: Item;
  key: unknown;
  settle: (answer: Answer) => void;
  fail: (error: unknown) => void;
}

export interface GroupCommitOptions<Item> {
  /** items of one batch at most */
  most: number;
  /** bytes of one batch at most; an item that is larger is a batch of its own */
  mostBytes?: number;
  /** bytes of an item; needed where `mostBytes` is given */
  bytesOf?: (item: Item) => number;
  /** a batch has one item of each key at most; the later ones wait for the next batch. Absent: all are different */
  keyOf?: (item: Item) => unknown;
  /** milliseconds for which the first item waits for others; absent: for those of the same turn of the loop alone */
  lingerMs?: number;
}

/**
 * What thousands want of the database at once, in a few commands: what arrives while one batch is under way is the next batch.
 * A lone item is a batch of one, and waits for nobody.
 *
 * A batch that fails is tried again in halves, so that one item that cannot be written does not take the others with it: `commit`
 * has to bear being repeated. While the database is away all that wait fail together, instead of each batch waiting for it anew.
 */
export class GroupCommit<Item, Answer = void> {
  private queue: Waiting<Item, Answer>[] = [];
  private running: Promise<void> | undefined;

  /** @param commit answers in the order of the items */
  constructor(
    private readonly commit: (items: readonly Item[]) => Promise<readonly Answer[]>,
    private readonly options: GroupCommitOptions<Item>,
  ) {}

  add(item: Item): Promise<Answer> {
    return new Promise((settle, fail) => {
      this.queue.push({ item, key: this.options.keyOf?.(item), settle, fail });
      this.running ??= this.drain();
    });
  }

  /** Fails what no batch has taken yet. */
  refuseWaiting(error: unknown): void {
    for (const { fail } of this.queue.splice(0)) fail(error);
  }

  /** When nothing is under way or waits. */
  async idle(): Promise<void> {
    await this.running;
  }

  private async drain(): Promise<void> {
    const { lingerMs } = this.options;
    // let everything that has arrived in this turn of the loop into the first batch
    if (lingerMs === undefined) await new Promise(setImmediate);
    else await new Promise((resolve) => setTimeout(resolve, lingerMs));
    try {
      while (this.queue.length > 0) await this.commitOrFail(this.nextBatch());
    } finally {
      // in the same turn in which nothing waited: what is added behind it begins anew, and is not left
      this.running = undefined;
    }
  }

  private nextBatch(): Waiting<Item, Answer>[] {
    const { most, mostBytes = Infinity, bytesOf, keyOf } = this.options;
    if (keyOf === undefined && bytesOf === undefined) return this.queue.splice(0, most);
    const keys = new Set<unknown>();
    const batch: Waiting<Item, Answer>[] = [];
    const rest: Waiting<Item, Answer>[] = [];
    let room = mostBytes;
    for (const waiting of this.queue) {
      const bytes = bytesOf?.(waiting.item) ?? 0;
      const fits = batch.length < most && (batch.length === 0 || bytes <= room);
      if (fits && (keyOf === undefined || !keys.has(waiting.key))) {
        batch.push(waiting);
        room -= bytes;
      } else {
        rest.push(waiting);
        // nothing overtakes what found no room
        if (!fits) room = 0;
      }
      // also when it does not get in: those of one key keep their order
      keys.add(waiting.key);
    }
    this.queue = rest;
    return batch;
  }

  private async commitOrFail(batch: Waiting<Item, Answer>[]): Promise<void> {
    let answers: readonly Answer[];
    try {
      answers = await this.commit(batch.map(({ item }) => item));
    } catch (error) {
      await this.failOrHalve(batch, error);
      return;
    }
    for (const [index, { settle }] of batch.entries()) settle(answers[index] as Answer);
  }

  private async failOrHalve(batch: Waiting<Item, Answer>[], error: unknown): Promise<void> {
    if (isDatabaseAway(error)) {
      for (const { fail } of batch) fail(error);
      this.refuseWaiting(error);
    } else if (batch.length > 1) {
      const half = Math.ceil(batch.length / 2);
      await this.commitOrFail(batch.slice(0, half));
      await this.commitOrFail(batch.slice(half));
    } else batch[0]?.fail(error);
  }
}
