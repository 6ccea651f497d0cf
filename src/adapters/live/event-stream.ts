import { Injectable, Logger } from '@nestjs/common';
import { type OperationEntity } from '../../core/assignments/index.js';
import { type FollowStep, ResultReader, ResultsFollower } from '../../core/results/index.js';
import { handled } from '../../platform/batching/handled.js';
import { LimitHits } from '../../platform/limits/limit-hits.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { lostData, resultData, SLOW } from './live.events.js';
import { LiveService } from './live.service.js';

/** So that proxies do not take a quiet operation for a dead connection. */
const HEARTBEAT_MS = 15_000;
/** Who takes nothing for so long is cut off. */
const PATIENCE_MS = 20_000;
/** What may wait for who is slow: results do not, they are read when they are asked for. */
const MOST_WAITING = 10_000;
const HEAD = { head: true, raw: false };

interface Reading {
  operation: OperationEntity;
  /** the position that the reader brings */
  since: string | undefined;
  /** the reader has left */
  gone: AbortSignal;
  /** ends the connection of a reader that takes nothing @param lastWords what it is sent behind all that waits */
  cut: (lastWords: string) => void;
}

/** What happens to an operation, as server-sent events: results in the order of the tail with their positions, the rest as it comes. */
@Injectable()
export class EventStream {
  private readonly logger = new Logger('live');

  constructor(
    private readonly live: LiveService,
    private readonly follower: ResultsFollower,
    private readonly reader: ResultReader,
    private readonly hits: LimitHits,
  ) {}

  /** Until the reader leaves, or the server ends. */
  async *read(reading: Reading): AsyncGenerator<string, void> {
    const left = new AbortController();
    const waiting = new Waiting();
    const { operation, since, gone } = reading;
    const events = this.live.ofRoom(`operation:${operation._id.toHexString()}`).subscribe({
      next: ({ name, data }) => {
        if (name === 'result') return;
        if (waiting.add(eventText(name, data)) > MOST_WAITING) this.cutOff(reading);
      },
    });
    // it ends when the reader leaves, when this does, and when the server ends
    const steps = this.follower.follow(
      operation._id,
      since,
      HEAD,
      AbortSignal.any([gone, left.signal]),
      operation.results_kept_from,
    );
    let position = since;
    const heartbeat = setInterval(() => {
      waiting.add(eventText('heartbeat', {}, position));
    }, HEARTBEAT_MS);
    let next = handled(steps.next());
    try {
      for (;;) {
        const step = await Promise.race([next, waiting.some()]);
        yield* this.patiently(reading, waiting.take());
        if (step === undefined) continue;
        if (step.done === true) return;
        next = handled(steps.next());
        position = step.value.position;
        yield* this.patiently(reading, [await this.textOf(step.value, operation._id)]);
      }
    } finally {
      clearInterval(heartbeat);
      events.unsubscribe();
      left.abort();
      await steps.return();
    }
  }

  private async textOf({ position, result, lost }: FollowStep, operation: ObjectId): Promise<string> {
    if (lost !== undefined) return eventText('lost', lostData(operation, lost), position);
    // an id alone is no event, and yet what a client comes back with
    if (result === undefined) return `id: ${position}\n\n`;
    const head = result.head ?? (await this.reader.headOf(result._id));
    return eventText('result', resultData(head), position);
  }

  private *patiently(reading: Reading, texts: readonly string[]): Generator<string, void> {
    for (const text of texts) {
      const stuck = setTimeout(() => {
        this.cutOff(reading);
      }, PATIENCE_MS);
      try {
        yield text;
      } finally {
        clearTimeout(stuck);
      }
    }
  }

  private cutOff({ operation, cut, gone }: Reading): void {
    if (gone.aborted) return;
    this.logger.warn(
      { operation_id: String(operation._id) },
      'cut off a client that is not reading its events',
    );
    this.hits.note('live_behind');
    cut(cutOffText(SLOW));
  }
}

/** Texts that wait, and who waits for them. */
class Waiting {
  private texts: string[] = [];
  private resolve: () => void = () => undefined;

  /** @returns how many wait */
  add(text: string): number {
    this.texts.push(text);
    this.resolve();
    return this.texts.length;
  }

  /** Resolves when there are some. */
  some(): Promise<undefined> {
    return new Promise((resolve) => {
      this.resolve = () => {
        resolve(undefined);
      };
      if (this.texts.length > 0) resolve(undefined);
    });
  }

  take(): string[] {
    const taken = this.texts;
    this.texts = [];
    return taken;
  }
}

/** The last words of a stream that the server ends. */
export function cutOffText(detail: string): string {
  return eventText('cut_off', { detail });
}

/** @see https://html.spec.whatwg.org/multipage/server-sent-events.html */
function eventText(name: string, data: object, id?: string): string {
  return `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
