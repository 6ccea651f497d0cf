/** Characters of events that may wait for one who watches, beside what the transport has in hand, for longer than a moment. */
const MAX_BEHIND = 1024 * 1024;
/** A burst (a batch of results becomes durable at once) is taken in its time by whoever reads. */
const PATIENCE_MS = 5000;
/** More than the events of any batch; it would be memory for nothing. */
const MOST_EVER = 32 * 1024 * 1024;

/** Whether one who watches takes events as they come. Whoever does not is cut off, and may ask the API what came meanwhile. */
export class SlowConsumerGuard {
  private behind = 0;
  private since = 0;

  /** Nothing waits any more. */
  caughtUp(): void {
    this.behind = 0;
  }

  /**
   * One more event has to wait.
   * @param now milliseconds of a monotonic clock
   * @returns false: they have been too far behind for too long
   */
  wait(characters: number, now = performance.now()): boolean {
    if (this.behind === 0) this.since = now;
    this.behind += characters;
    if (this.behind > MOST_EVER) return false;
    return this.behind <= MAX_BEHIND || now - this.since <= PATIENCE_MS;
  }
}
