import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { z } from 'zod';
import { PlatformBus, type Topic } from '../../platform/bus/platform-bus.js';
import { hexId, type ObjectId } from '../../platform/database/object-id.js';

/** Characters of one text of one update; what is longer is cut off. */
const MOST_TEXT = 64 * 1024;
/** Updates that one server hands on in a second, of all operations; what comes beyond is dropped. */
const MOST_A_SECOND = 500;

const text = z.string().max(MOST_TEXT);

const progress = z.object({
  operation: hexId,
  probe: hexId,
  /** which of the requests of the run: the index of its destination */
  test: z.number().int().min(0).max(1000),
  /** whether the texts take the place of those before; else they go behind them */
  overwrite: z.boolean(),
  result: z.object({ rawOutput: text, rawHeaders: text.optional(), rawBody: text.optional() }),
});
/** Output of a test that is under way. */
export type Progress = z.infer<typeof progress>;

const PROGRESS: Topic<Progress> = { name: 'progress', schema: progress };

type Listener = (progress: Progress) => void;

/**
 * Output of runs that are under way, for those who asked for it: from the server that has the probe's socket to the servers on which
 * somebody listens. Nothing rests on it: it is never stored, and may be lost. The result that follows stands in `ResultFeed`.
 *
 * Only probes that `OperationEntity.progress_of` names are asked for it (`OperationRequest.progress`: the first so many of an
 * operation's probes), and updates of one server are bounded, so that it costs the others nothing.
 */
@Injectable()
export class ProgressService implements OnApplicationBootstrap {
  /** by operation */
  private readonly listeners = new Map<string, Set<Listener>>();
  private second = 0;
  private count = 0;

  constructor(private readonly bus: PlatformBus) {}

  onApplicationBootstrap(): void {
    this.bus.listen(
      PROGRESS,
      (update) => {
        this.tell(update);
      },
      () => this.listeners.size > 0,
    );
  }

  /** To all who listen, here and on other servers. */
  report(update: Progress): void {
    if (!this.hasRoom()) return;
    const bounded = { ...update, result: cutOff(update.result) };
    this.tell(bounded);
    this.bus.send(PROGRESS, bounded);
  }

  /**
   * Calls the listener with each update of an operation from now on, in the order of their sender.
   * @returns what ends it
   */
  subscribe(operation: ObjectId, listener: Listener): () => void {
    const key = operation.toHexString();
    const own = this.listeners.get(key) ?? new Set();
    own.add(listener);
    this.listeners.set(key, own);
    return () => {
      own.delete(listener);
      if (own.size === 0 && this.listeners.get(key) === own) this.listeners.delete(key);
    };
  }

  private tell(update: Progress): void {
    for (const listener of this.listeners.get(update.operation) ?? []) listener(update);
  }

  private hasRoom(): boolean {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.second) this.count = 0;
    this.second = second;
    this.count += 1;
    return this.count <= MOST_A_SECOND;
  }
}

function cutOff({ rawOutput, rawHeaders, rawBody }: Progress['result']): Progress['result'] {
  const cut = (value: string) => value.slice(0, MOST_TEXT);
  return {
    rawOutput: cut(rawOutput),
    ...(rawHeaders !== undefined && { rawHeaders: cut(rawHeaders) }),
    ...(rawBody !== undefined && { rawBody: cut(rawBody) }),
  };
}
