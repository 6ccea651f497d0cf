import { setTimeout as rest } from 'node:timers/promises';
import { type WebSocket } from 'ws';

/**
 * Between two messages: cousteau waits in select(), and does not see the second of two that came in one TLS record until more
 * arrives (seen with 2.3.1).
 */
const PACE_MS = 3;
/** What may wait for one connection, in characters, before it is closed. */
const MOST_WAITING = 16 * 1024 * 1024;
/** A connection that takes nothing for so long is closed. */
const PATIENCE_MS = 30_000;

/** Sends messages one by one, in order, no faster than their reader takes them. */
export class Outbox {
  private last: Promise<void> = Promise.resolve();
  private waiting = 0;

  /** @param cutOff ends the connection of a reader that is too slow */
  constructor(
    private readonly socket: WebSocket,
    private readonly cutOff: () => void,
  ) {}

  /** @returns when the message is on its way, or never will be; whoever has more to say waits for it */
  async send(event: string, payload: unknown): Promise<void> {
    // goat compares the beginning as text: no blanks
    const text = JSON.stringify([event, payload]);
    this.waiting += text.length;
    if (this.waiting > MOST_WAITING) {
      this.cutOff();
      return;
    }
    const sent = this.last
      .then(() => this.hand(text))
      .finally(() => {
        this.waiting -= text.length;
      });
    this.last = sent.catch(() => undefined);
    await this.last;
  }

  /** Resolves when all that waits was handed on. */
  async drained(): Promise<void> {
    await this.last;
  }

  private async hand(text: string): Promise<void> {
    if (this.socket.readyState !== this.socket.OPEN) return;
    const stuck = setTimeout(this.cutOff, PATIENCE_MS);
    try {
      await new Promise<void>((resolve) => {
        this.socket.send(text, () => {
          resolve();
        });
      });
    } finally {
      clearTimeout(stuck);
    }
    await rest(PACE_MS);
  }
}
