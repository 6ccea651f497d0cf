/**
 * A rate with a burst: it fills with `perSecond` tokens a second up to `capacity`. What is larger than what is left may still
 * pass while there is anything left, and is paid off before the next may: a single message may be larger than the capacity.
 */
export class TokenBucket {
  /** in thousandths: whole numbers where `now` is one, so that waiting as long as was said is always enough */
  private tokens: number;
  private filledAt: number;

  /** @param now milliseconds of any clock that never goes back */
  constructor(
    private readonly perSecond: number,
    private readonly capacity: number,
    now: number,
  ) {
    this.tokens = capacity * 1000;
    this.filledAt = now;
  }

  /** @returns milliseconds until something may pass; 0: now */
  wait(now: number): number {
    this.fill(now);
    return this.tokens > 0 ? 0 : Math.floor(-this.tokens / this.perSecond) + 1;
  }

  take(amount: number, now: number): void {
    this.fill(now);
    this.tokens -= amount * 1000;
  }

  private fill(now: number): void {
    const added = Math.max(0, now - this.filledAt) * this.perSecond;
    this.tokens = Math.min(this.capacity * 1000, this.tokens + added);
    this.filledAt = now;
  }
}
