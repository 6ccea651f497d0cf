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
   * @param gone ends the waiting
   * @returns how to leave; leaving twice is leaving once
   * @throws TurnstileFullError, or the signal's reason
   */
  async enter(gone?: AbortSignal): Promise<() => void> {
    gone?.throwIfAborted();
    if (this.inside < this.atOnce) this.inside += 1;
    else await this.wait(gone);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.leave();
    };
  }

  private wait(gone?: AbortSignal): Promise<void> {
    if (this.queue.size >= this.mostWaiting) {
      return Promise.reject(new TurnstileFullError(`${this.mostWaiting} wait already`));
    }
    return new Promise((resolve, reject) => {
      const endWith = (settle: () => void) => () => {
        this.queue.delete(waiting);
        clearTimeout(waiting.timer);
        gone?.removeEventListener('abort', leave);
        settle();
      };
      const leave = endWith(() => {
        reject(gone?.reason as Error);
      });
      const tooLate = endWith(() => {
        reject(new TurnstileFullError(`no turn within ${this.patienceMs} ms`));
      });
      const waiting: Waiting = { admit: endWith(resolve), timer: setTimeout(tooLate, this.patienceMs) };
      gone?.addEventListener('abort', leave);
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
    next.admit();
  }
}
