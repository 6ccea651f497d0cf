import { setImmediate as nextTurn } from 'node:timers/promises';

/** Longer than this nobody else should wait for work that is in no hurry. */
const TURN_MS = 10;

/** Work that is long and in no hurry: asked now and then, it gives way to what waits for the event loop. */
export class Turn {
  private began = performance.now();

  async giveWay(): Promise<void> {
    if (performance.now() - this.began < TURN_MS) return;
    await nextTurn();
    this.began = performance.now();
  }
}
