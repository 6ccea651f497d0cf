import { type ItemAnswer, PROTOCOL } from '../protocol/protocol.js';

/** After so many acknowledged batches a larger one is tried again. */
const SMOOTH_BATCHES = 20;
/** How often the server must have said of an item alone that it cannot read it. */
const MOST_UNREADABLE = 3;
const DEFAULT_BUSY_MS = 1_000;
/** A server that is busy time and again without taking anything is left alone for longer and longer, whatever it says. */
const BUSY = { least: 50, most: 60_000 } as const;

/** How one kind of message goes: how many items it carries, and how patient one must be with the server. */
export class Flow {
  private size: number = PROTOCOL.maxBatchItems;
  private smooth = 0;
  private busyInARow = 0;
  private acknowledged = 0;
  /** Items that the server could not read alone: how often, and what had been acknowledged before the first time. */
  private readonly suspects = new Map<string, { times: number; before: number }>();

  /** The most items of the next message: fewer after one that did not come through, in case its size was the cause. */
  get most(): number {
    return this.size;
  }

  /** A message with these items was acknowledged. */
  cameThrough(items: readonly string[]): void {
    this.acknowledged++;
    for (const item of items) this.suspects.delete(item);
    if (++this.smooth < SMOOTH_BATCHES) return;
    this.smooth = 0;
    this.size = Math.min(PROTOCOL.maxBatchItems, this.size * 2);
  }

  /** A message of that many items was not. */
  didNot(items: number): void {
    this.size = Math.max(1, Math.floor(items / 2));
    this.smooth = 0;
  }

  /** True for an item that goes last, when nothing else is left: the server could not read it. */
  isSuspect(item: string): boolean {
    return this.suspects.has(item);
  }

  /**
   * The server said that it cannot read a message: from now on they go one by one.
   * @returns true for a single item that is to be given up: the server has read others meanwhile, and not this one. A server that reads
   *   nothing at all is waited for.
   */
  unreadable([item, ...others]: readonly string[]): boolean {
    this.size = 1;
    this.smooth = 0;
    if (item === undefined || others.length > 0) return false;
    const { times, before } = this.suspects.get(item) ?? { times: 0, before: this.acknowledged };
    const isGivenUp = times + 1 >= MOST_UNREADABLE && this.acknowledged > before;
    if (isGivenUp) this.suspects.delete(item);
    else this.suspects.set(item, { times: times + 1, before });
    return isGivenUp;
  }

  /** How long to wait before the next message, ms. */
  waitAfter(answers: readonly ItemAnswer[]): number {
    const busy = answers.filter(({ status }) => status === 'busy');
    this.busyInARow = busy.length === answers.length ? this.busyInARow + 1 : 0;
    if (busy.length === 0) return 0;
    const asked = Math.max(...busy.map((each) => each.retry_after_ms ?? DEFAULT_BUSY_MS));
    if (this.busyInARow === 0) return asked;
    return Math.max(asked, doubling(BUSY, this.busyInARow));
  }
}

/** @param times 1 for the first */
export function doubling({ least, most }: { least: number; most: number }, times: number): number {
  return Math.min(most, least * 2 ** Math.min(times - 1, 30));
}
