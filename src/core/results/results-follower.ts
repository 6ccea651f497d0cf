import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { setTimeout as rest } from 'node:timers/promises';
import { type ObjectId } from '../../platform/database/object-id.js';
import { handled } from '../../platform/batching/handled.js';
import { ResultsTail, TailPositionLostError } from '../ingest/index.js';
import { type Parts } from './results.repository.js';
import { type ReadResult, ResultReader } from './result-reader.js';

/** A follower is told so often where it stands when nothing comes: proxies end connections on which nothing goes. */
const QUIET_MS = 15_000;

/** A result is in the log so long after it came, at the latest, while its server lives or another one does. */
const APPENDED_MS = 10_000;

/** What a follower is told next. */
export interface FollowStep {
  /** from which it can go on, at any server */
  position: string;
  /** absent: there was none up to this position */
  result?: ReadResult;
  /** nothing came for a while */
  quiet?: true;
  /** why nothing follows the position that it brought: results may be missing before this one */
  lost?: string;
}

/** Hands out the results of an operation as they become durable: each once, in one order over all servers, from any position on. */
@Injectable()
export class ResultsFollower implements BeforeApplicationShutdown {
  private readonly ended = new AbortController();

  constructor(
    private readonly tail: ResultsTail,
    private readonly reader: ResultReader,
  ) {}

  /** Lets followers go, so that the server can end. */
  beforeApplicationShutdown(): void {
    this.ended.abort();
  }

  /** @returns why results of the operation may be missing behind a position */
  private async deletedAfter(
    since: string | undefined,
    keptFrom: Date | undefined,
  ): Promise<string | undefined> {
    if (keptFrom === undefined || since === undefined) return undefined;
    const next = await this.tail.timeAfter(since);
    const isOlder = next !== undefined && next.getTime() - APPENDED_MS < keptFrom.getTime();
    return isOlder ? `Results that came before ${keptFrom.toISOString()} are not kept` : undefined;
  }

  /**
   * @param since undefined: what comes from now on; the first step says where that is
   * @param keptFrom results of the operation that came before are deleted, some or all of them
   */
  async *follow(
    operation: ObjectId,
    since: string | undefined,
    parts: Parts,
    gone: AbortSignal,
    keptFrom?: Date,
  ): AsyncGenerator<FollowStep, void> {
    const signal = AbortSignal.any([gone, this.ended.signal]);
    let position = since ?? (await this.tail.now());
    yield { position };
    const lost = await this.deletedAfter(since, keptFrom);
    if (lost !== undefined) yield { position, lost };
    while (!signal.aborted) {
      try {
        for await (const batch of orQuiet(this.tail.follow(position, [], signal, operation), QUIET_MS)) {
          if (batch === undefined) {
            yield { position, quiet: true };
            continue;
          }
          const positions = new Map(batch.results.map((each) => [String(each.result._id), each.position]));
          const ids = batch.results.map(({ result }) => result._id);
          for await (const result of this.reader.readByIds(ids, parts))
            yield { position: positions.get(String(result._id)) ?? position, result };
          position = batch.position;
          yield { position };
        }
      } catch (error) {
        if (!(error instanceof TailPositionLostError)) throw error;
        position = await this.tail.now();
        yield { position, lost: error.message };
      }
    }
  }
}

/** @returns what comes, and undefined each time that nothing has come for so long */
async function* orQuiet<T>(
  source: AsyncGenerator<T, void>,
  quietMs: number,
): AsyncGenerator<T | undefined, void> {
  let next = handled(source.next());
  try {
    for (;;) {
      const quiet = new AbortController();
      const found = await Promise.race([
        next,
        rest(quietMs, undefined, { signal: quiet.signal }).catch(() => undefined),
      ]).finally(() => {
        quiet.abort();
      });
      if (found?.done === true) return;
      if (found !== undefined) next = handled(source.next());
      yield found?.value;
    }
  } finally {
    await source.return();
  }
}
