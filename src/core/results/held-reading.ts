/** So long a reader keeps its place while others wait, and so long without taking anything. */
const TURN_MS = 5_000;
const IDLE_MS = 1_000;
const LOOK_EVERY_MS = 250;

/** A reading was given up: it has to be begun again, in another turn. */
export const GIVEN_UP = Symbol('given up');

/**
 * The reading of a result while its reader takes it, piece by piece. It is given up by itself when its turn is over and others
 * wait, and with it everything that it holds.
 */
export class HeldReading {
  private pieces: AsyncIterator<Buffer, void> | undefined;
  private isReading = false;
  private takenAt = performance.now();
  private readonly began = this.takenAt;
  private end = Infinity;
  private readonly timer: NodeJS.Timeout;

  /** @param leave gives the turn back */
  constructor(
    pieces: AsyncIterable<Buffer>,
    private readonly leave: () => void,
    othersWait: () => boolean,
  ) {
    this.pieces = pieces[Symbol.asyncIterator]();
    // a reader that takes nothing is suspended, and cannot look by itself
    this.timer = setInterval(() => {
      const now = performance.now();
      const isOver = now >= this.end || now >= this.takenAt + IDLE_MS;
      if (isOver && othersWait() && !this.isReading) void this.giveUp();
    }, LOOK_EVERY_MS).unref();
  }

  /** The reading has come to where its reader goes on. A turn is longer than the way there: each is some progress. */
  handsOut(): void {
    if (this.end !== Infinity) return;
    const now = performance.now();
    this.end = now + Math.max(TURN_MS, now - this.began);
  }

  /** @returns undefined at the end */
  async next(): Promise<Buffer | typeof GIVEN_UP | undefined> {
    if (this.pieces === undefined) return GIVEN_UP;
    this.isReading = true;
    try {
      const { value, done } = await this.pieces.next();
      return done === true ? undefined : value;
    } finally {
      this.isReading = false;
      this.takenAt = performance.now();
    }
  }

  async giveUp(): Promise<void> {
    const { pieces } = this;
    this.pieces = undefined;
    clearInterval(this.timer);
    try {
      await pieces?.return?.();
    } finally {
      this.leave();
    }
  }
}
