/** Nobody could be let in within the time that one may wait, or too many wait already. */
export class TurnstileFullError extends Error {
  override readonly name = 'TurnstileFullError';
}

interface Waiting {
  admit: () => void;
  timer: NodeJS.Timeout;
}

/** Lets `atOnce` in at a time; `mostWaiting` others wait for their turn, in order, for `patienceMs` at most. */
export class Turnstile {
  private inside = 0;
  private readonly queue = new Set<Waiting>();

  constructor(
    private readonly atOnce: number,
    private readonly mostWaiting: number,
    private readonly patienceMs: number,
  ) {}

  get waiting(): number {
    return this.queue.size;
  }

  /** @throws TurnstileFullError before any work */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    const leave = await this.enter();
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /**
   * @returns how to leave; leaving twice is leaving once
   * @throws TurnstileFullError
   */
  async enter(): Promise<() => void> {
    if (this.inside < this.atOnce) this.inside += 1;
    else await this.wait();
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.leave();
    };
  }

  private wait(): Promise<void> {
    if (this.queue.size >= this.mostWaiting) {
      return Promise.reject(new TurnstileFullError(`${this.mostWaiting} wait already`));
    }
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        admit: resolve,
        timer: setTimeout(() => {
          this.queue.delete(waiting);
          reject(new TurnstileFullError(`no turn within ${this.patienceMs} ms`));
        }, this.patienceMs),
      };
      this.queue.add(waiting);
    });
  }

  /** Whoever leaves hands the place on. */
  private leave(): void {
    const [next] = this.queue;
    if (next === undefined) {
      this.inside -= 1;
      return;
    }
    this.queue.delete(next);
    clearTimeout(next.timer);
    next.admit();
  }
}
