import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as rest } from 'node:timers/promises';
import { LeasesService } from '../../platform/periodic/leases/leases.service.js';
import { ObjectId } from '../../platform/database/object-id.js';
import { PlatformClock } from '../../platform/database/platform-clock.js';
import { type Transaction, TransactionsService } from '../../platform/database/transactions.service.js';
import { PeriodicTask, untilNext } from '../../platform/periodic/periodic-task.js';
import { RecentResults } from './recent-results.js';
import { StoredResultsRepository } from './stored-results.repository.js';
import { type Announced, POSITION, type TailLogEntity, unpackIds, wordPosition } from './tail-log.schema.js';
import { TailLogRepository } from './tail-log.repository.js';
import { TailPositionsRepository } from './tail-positions.repository.js';
import { type ActingConsumer, type TailConsumer, type WritingConsumer } from './tail-consumers.js';
import { type TailBatch, type TailField, TailReader } from './tail-reader.js';
import { TailWindow } from './tail-window.js';

/** Another server goes on with a consumer when the one that has it was not heard of for so long. */
const LEASE_MS = 15_000;
const EVERY_MS = 5_000;
/** A consumer that has done nearly all waits so long before it takes the next batch: fewer and larger ones. */
const REST_MS = 1_000;
/** After a batch of so many results there may be more. */
const LARGE_BATCH = 1000;
/** Entries of the log, 1,000 results each at the most. */
const TRIMMED_AT_ONCE = 20;

export interface TailLag {
  consumer: string;
  results: number;
  /** since the oldest result that it has not done was appended */
  seconds: number;
}

/** A position to which nothing can be given any more, or never could: its holder has to begin anew, from the API. */
export class TailPositionLostError extends Error {
  override readonly name = 'TailPositionLostError';
}

class FencedError extends Error {
  override readonly name = 'FencedError';
}

/**
 * The results tail: all results that are durable, in one order over all servers, with nothing skipped and nothing put before what was read
 * (docs/adr/0020). Consumers have a position that is stored, and are read by one server at a time; followers bring theirs.
 */
@Injectable()
export class ResultsTail implements OnApplicationShutdown {
  private readonly logger = new Logger('tail');
  private readonly tasks = new Map<string, PeriodicTask>();

  constructor(
    private readonly reader: TailReader,
    private readonly log: TailLogRepository,
    private readonly results: StoredResultsRepository,
    private readonly positions: TailPositionsRepository,
    private readonly recent: RecentResults,
    private readonly transactions: TransactionsService,
    private readonly leases: LeasesService,
    private readonly clock: PlatformClock,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.tasks.values()].map((task) => task.stop()));
  }

  /** From now on the consumer gets what there is, on this server or on another one, until the server ends. */
  consume<Field extends TailField>(consumer: TailConsumer<Field>): void {
    const { name } = consumer;
    const task = new PeriodicTask(() => this.readLeased(consumer), {
      logger: this.logger,
      failed: `the consumer ${name} of the results tail stopped; it goes on in some seconds`,
    });
    this.tasks.set(name, task);
    task.begin();
    task.every(EVERY_MS);
  }

  /** In the transaction that stores results which no probe has brought. They are in the log some seconds later. */
  async announce(batch: Announced, transaction: Transaction): Promise<void> {
    await this.log.announce(batch, transaction);
  }

  /** How far each consumer is behind the end of the log. */
  async lags(): Promise<TailLag[]> {
    const [head, positions] = [await this.log.head(), await this.positions.findAll([...this.tasks.keys()])];
    return Promise.all(
      positions.map(async ({ _id, at }) => {
        const [next] = at < head ? await this.log.findFrom(at + 1, 1) : [];
        const waits = next === undefined ? 0 : this.clock.now().getTime() - next.at.getTime();
        return { consumer: _id, results: Math.max(0, head - at), seconds: Math.max(0, waits) / 1000 };
      }),
    );
  }

  /** How far one consumer is behind all that is durable, also what is not in the log yet. */
  async behind(consumer: string): Promise<Omit<TailLag, 'consumer'>> {
    // first: what is moved into the log meanwhile counts twice, and is not missed
    const announced = (await this.log.countAnnounced()) + (await this.results.countUnnumbered());
    const lag = (await this.lags()).find((each) => each.consumer === consumer);
    const results = lag?.results ?? (await this.log.head());
    return { results: results + announced, seconds: lag?.seconds ?? 0 };
  }

  /** @returns since when results are not done yet by some consumer of this server; undefined: all are done by all */
  async undoneSince(): Promise<Date | undefined> {
    const names = [...this.tasks.keys()];
    const positions = await this.positions.findAll(names);
    // one that has no position has not begun
    const least = positions.length < names.length ? 0 : Math.min(...positions.map(({ at }) => at));
    const [next] = await this.log.findFrom(least + 1, 1);
    if (next === undefined) return undefined;
    const first = (await this.results.firstReceived(unpackIds(next.results))) ?? next.at;
    return first < next.at ? first : next.at;
  }

  /** @returns when what follows a position was appended; undefined: nothing does, or it is no position */
  async timeAfter(position: string): Promise<Date | undefined> {
    const at = POSITION.exec(position)?.[1];
    if (at === undefined) return undefined;
    const [next] = await this.log.findFrom(Number(at) + 1, 1);
    return next?.at;
  }

  /** Deletes the beginning of the log, as far as none of its results is there any more. The last entry stays. */
  async trim(signal: AbortSignal): Promise<void> {
    let isMore = true;
    while (isMore && !signal.aborted) {
      const entries: TailLogEntity[] = await this.log.findFrom(0, TRIMMED_AT_ONCE + 1);
      isMore = entries.length > TRIMMED_AT_ONCE;
      for (const entry of entries.slice(0, -1)) {
        if ((await this.results.firstReceived(unpackIds(entry.results))) !== undefined) return;
        await this.log.deleteFirst(entry);
      }
    }
  }

  /** @returns how many results the log has had since it began */
  async count(): Promise<number> {
    return this.log.head();
  }

  /** @returns the position of who has seen all that there is now: text, the same on all servers */
  async now(): Promise<string> {
    const head = await this.log.head();
    return wordPosition(head, (await this.reader.epochOf(head)) ?? '');
  }

  /**
   * Hands out what follows a position as it comes, on any server. Positions of one epoch are in the order of their numbers.
   * @param position of a result or batch before, or of `now()`; undefined: from the first result that the log has
   * @param operation of this one alone
   * @throws TailPositionLostError
   */
  async *follow<Field extends TailField>(
    position: string | undefined,
    fields: readonly Field[],
    signal: AbortSignal,
    operation?: ObjectId,
  ): AsyncGenerator<TailBatch<Field> & { position: string }, void> {
    let at = position === undefined ? undefined : await this.placeOf(position);
    while (!signal.aborted) {
      const batch = await this.reader.read(at ?? 0, fields, operation);
      if (batch === undefined) {
        await this.untilMore(at ?? 0, signal);
        continue;
      }
      // what was deleted while it slept: it must know
      if (at !== undefined && batch.missed > 0) throw new TailPositionLostError('These results are not kept');
      yield { ...batch, position: wordPosition(batch.to, batch.epoch) };
      at = batch.to;
    }
  }

  /**
   * Keeps a consumer where it is until the transaction ends; its reader goes on after that.
   * @returns the number of the last result that it has done; undefined: it has no position
   */
  async hold(consumer: string, transaction: Transaction): Promise<number | undefined> {
    return this.positions.touch(consumer, transaction);
  }

  /** @returns the number of the last result that a consumer has done; undefined: it has no position */
  async positionOf(consumer: string): Promise<number | undefined> {
    const [position] = await this.positions.findAll([consumer]);
    return position?.at;
  }

  /** Reads again what a consumer has done. @param after, to numbers of results: from behind the one up to the other */
  async *again<Field extends TailField>(
    after: number,
    to: number,
    fields: readonly Field[],
    operation?: ObjectId,
  ): AsyncGenerator<TailBatch<Field>, void> {
    for (let at = after; at < to;) {
      const batch = await this.reader.read(at, fields, operation);
      if (batch === undefined) return;
      yield { ...batch, results: batch.results.filter(({ number }) => number <= to) };
      at = batch.to;
    }
  }

  private async placeOf(position: string): Promise<number> {
    const match = POSITION.exec(position);
    if (match === null) throw new TailPositionLostError('This is no position of the results tail');
    const [at, epoch] = [Number(match[1]), match[2]];
    // before the first result there was no epoch
    if (at > 0 && (await this.reader.epochOf(at)) !== epoch)
      throw new TailPositionLostError('The results after this position are not kept, or never were');
    return at;
  }

  /** @returns whether there is more; false: the signal was aborted, or that is not known */
  private async untilMore(at: number, signal: AbortSignal): Promise<boolean> {
    const head = await this.reader.untilNot(at, signal);
    if (head >= at) return head > at;
    // a look may be older than what was read since; what a transaction sees is not
    const sure = await this.transactions.run((transaction) => this.log.head(transaction));
    if (sure < at) throw new TailPositionLostError('The results tail began anew');
    return sure > at;
  }

  private async readLeased<Field extends TailField>(consumer: TailConsumer<Field>): Promise<void> {
    const { name } = consumer;
    try {
      await this.leases.runLeased(`tail:${name}`, LEASE_MS, (signal) => this.readOn(consumer, signal));
    } catch (error) {
      if (!(error instanceof FencedError)) throw error;
      this.logger.log({ consumer: name }, 'another reader of the results tail has taken over a consumer');
    } finally {
      this.recent.left(name);
    }
  }

  /** Until the signal is aborted; from the position that is stored. */
  private async readOn<Field extends TailField>(
    consumer: TailConsumer<Field>,
    signal: AbortSignal,
  ): Promise<void> {
    const claim = new ObjectId().toHexString();
    const window = 'gather' in consumer ? new TailWindow(consumer) : undefined;
    let at = await this.transactions.run((transaction) => this.claim(consumer, claim, transaction));
    while (!signal.aborted) {
      this.recent.passed(consumer.name, at);
      const batch = await this.reader.read(at, consumer.fields);
      if (batch === undefined) {
        await this.restUntilMore(at, window, consumer.name, claim, signal);
        continue;
      }
      if (batch.missed > 0)
        this.logger.error(
          { consumer: consumer.name, results: batch.missed },
          'a consumer of the results tail was away for longer than results are kept, and misses some',
        );
      const count = batch.to - at;
      at = batch.to;
      if (!('gather' in consumer)) await this.hand(consumer, batch, claim, signal);
      else {
        await window?.add(batch, count);
        await this.writeDue(window, consumer.name, claim);
      }
      if (count < LARGE_BATCH) await rest(REST_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** While nothing follows a consumer's position, or until the signal is aborted. */
  private async restUntilMore<Field extends TailField>(
    at: number,
    window: TailWindow<Field> | undefined,
    name: string,
    claim: string,
    signal: AbortSignal,
  ): Promise<void> {
    let isMore: boolean;
    do {
      isMore = await this.untilMoreOrAWhile(at, signal, window?.waitMs);
      await this.writeDue(window, name, claim);
      // where nothing comes nothing is moved, and whoever took the position away would not be noticed
      if (!(await this.positions.isClaimed(name, claim))) throw fenced(name);
    } while (!isMore && !signal.aborted);
  }

  /** Writes what a consumer has gathered, where that waits for no more. */
  private async writeDue<Field extends TailField>(
    window: TailWindow<Field> | undefined,
    name: string,
    claim: string,
  ): Promise<void> {
    const gathered = window?.waitMs === 0 ? window.take() : undefined;
    if (gathered === undefined) return;
    await this.transactions.run(async (transaction) => {
      await this.move(name, claim, gathered.to, transaction);
      await gathered.gathering.write(transaction);
    });
  }

  /** @returns where to go on */
  private async claim<Field extends TailField>(
    consumer: TailConsumer<Field>,
    claim: string,
    transaction: Transaction,
  ): Promise<number> {
    const { name, start } = consumer;
    const head = await this.log.head(transaction);
    const stored = await this.positions.claim(name, claim, transaction);
    if (stored !== undefined && stored <= head) return stored;
    const at = start === 'now' ? head : 0;
    await consumer.begin?.(transaction);
    await this.positions.place({ _id: name, at, claim, moved_at: this.clock.now() }, transaction);
    return at;
  }

  private async hand<Field extends TailField>(
    consumer: WritingConsumer<Field> | ActingConsumer<Field>,
    batch: TailBatch<Field>,
    claim: string,
    signal: AbortSignal,
  ): Promise<void> {
    if ('act' in consumer) await consumer.act(batch, signal);
    await this.transactions.run(async (transaction) => {
      // first: whoever has lost its claim writes nothing
      await this.move(consumer.name, claim, batch.to, transaction);
      if ('write' in consumer) await consumer.write(batch, transaction);
    });
  }

  private async move(name: string, claim: string, to: number, transaction: Transaction): Promise<void> {
    if (!(await this.positions.move(name, claim, to, this.clock.now(), transaction))) throw fenced(name);
  }

  /** @param whileMs absent: until consumers that wait look together whether they are still claimed. @returns as untilMore */
  private async untilMoreOrAWhile(
    at: number,
    signal: AbortSignal,
    whileMs = untilNext(EVERY_MS),
  ): Promise<boolean> {
    // aborted while it read: no listener would hear of that any more
    if (signal.aborted) return false;
    const stop = new AbortController();
    const abort = () => {
      stop.abort();
    };
    signal.addEventListener('abort', abort, { once: true });
    const timer = setTimeout(abort, whileMs);
    try {
      return await this.untilMore(at, stop.signal);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }
}

function fenced(name: string): FencedError {
  return new FencedError(`the position of ${name} is claimed by another reader, or gone`);
}
