import { Injectable } from '@nestjs/common';
import {
  EMPTY,
  exhaustMap,
  filter,
  firstValueFrom,
  from,
  fromEvent,
  merge,
  share,
  takeUntil,
  timer,
} from 'rxjs';
import { catchError } from 'rxjs/operators';
import { firstPart } from '../../platform/batching/in-parts.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type ResultEntity } from './result.schema.js';
import { StoredResultsRepository } from './stored-results.repository.js';
import { TailAppender } from './tail-appender.js';
import { type TailLogEntity, unpackIds } from './tail-log.schema.js';
import { TailLogRepository } from './tail-log.repository.js';

/** Results in a batch. */
const MOST_RESULTS = 1000;
/** Bytes of what is asked for of them; a batch has one result at least. */
const MOST_BYTES = 8 * 1024 * 1024;
/** Documents of the log that are read at once. */
const MOST_ENTRIES = 100;
/** How often a server looks for what others have appended, while somebody waits. */
const LOOK_MS = 500;

type Always = '_id' | 'operation' | 'probe';
/** What a reader may ask for. The raw bytes are read one by one (core/results). */
export type TailField = Exclude<keyof ResultEntity, Always | 'raw'>;

export interface TailResult<Field extends TailField> {
  /** its number in the order of all results */
  number: number;
  /** of who has seen it and all before it: text, the same on all servers */
  position: string;
  result: Pick<ResultEntity, Always | Field>;
}

export interface TailBatch<Field extends TailField> {
  /** in order; those that were deleted since are left out */
  results: TailResult<Field>[];
  /** the number of the last result that it covers; the position of who has done it */
  to: number;
  /** of the results before them so many are not in the log any more: they were never handed out */
  missed: number;
  /** of the log at `to` */
  epoch: string;
}

interface Numbered {
  number: number;
  id: ObjectId;
}

/** Reads results in the order of the log. */
@Injectable()
export class TailReader {
  /** The end of the log as it grows: one look for all who wait at this server. */
  private readonly heads;

  constructor(
    private readonly log: TailLogRepository,
    private readonly results: StoredResultsRepository,
    appender: TailAppender,
  ) {
    const looks = timer(0, LOOK_MS).pipe(
      exhaustMap(() => from(this.log.head()).pipe(catchError(() => EMPTY))), // the next look may do
    );
    this.heads = merge(looks, appender.heads).pipe(share());
  }

  /** @returns the epoch of a number that was handed out; undefined when the log has no such number (any more) */
  async epochOf(number: number): Promise<string | undefined> {
    const [entry] = await this.log.findFrom(number, 1);
    return entry !== undefined && entry.first <= number ? entry.epoch : undefined;
  }

  /** @param operation of this one alone. @returns what follows a position; undefined when nothing does */
  async read<Field extends TailField>(
    after: number,
    fields: readonly Field[],
    operation?: ObjectId,
  ): Promise<TailBatch<Field> | undefined> {
    const entries = await this.log.findFrom(after + 1, MOST_ENTRIES);
    const [first] = entries;
    if (first === undefined) return undefined;
    const numbered = await this.fitting(numberedFrom(entries, after), fields);
    const found = await this.results.findByIds<Field>(
      numbered.map(({ id }) => id),
      fields,
      operation,
    );
    const byId = new Map(found.map((result) => [result._id.toHexString(), result]));
    const to = numbered.at(-1)?.number ?? after;
    const epochAt = (number: number) => entries.find(({ _id }) => _id >= number)?.epoch ?? first.epoch;
    return {
      results: numbered.flatMap(({ number, id }) => {
        const result = byId.get(id.toHexString());
        return result ? [{ number, position: wordPosition(number, epochAt(number)), result }] : [];
      }),
      to,
      missed: Math.max(0, first.first - 1 - after),
      epoch: epochAt(to),
    };
  }

  /** Waits for another end of the log than this one, or the signal. @returns the end; less than this when the log began anew */
  async untilNot(number: number, signal: AbortSignal): Promise<number> {
    if (signal.aborted) return number;
    const other = this.heads.pipe(
      filter((head) => head !== number),
      takeUntil(fromEvent(signal, 'abort')),
    );
    return firstValueFrom(other, { defaultValue: number });
  }

  /** @returns as many of them, from the first on, as may be in memory together */
  private async fitting(
    numbered: readonly Numbered[],
    fields: readonly TailField[],
  ): Promise<readonly Numbered[]> {
    if (!fields.includes('summary') && !fields.includes('destinations')) return numbered;
    const sizes = await this.results.findSizes(numbered.map(({ id }) => id));
    return firstPart(numbered, ({ id }) => sizes.get(id.toHexString()) ?? 0, { weight: MOST_BYTES });
  }
}

/** How a position is written: the number of a result, and the epoch of the log there; before the first result there was none. */
export const POSITION = /^(\d{1,15})-([0-9a-f]{24})?$/;

/** @param at the number of a result that was handed out. @param epoch of the log there */
export function wordPosition(at: number, epoch: string): string {
  return `${at}-${epoch}`;
}

function numberedFrom(entries: readonly TailLogEntity[], after: number): Numbered[] {
  const all: Numbered[] = [];
  for (const { first, results } of entries) {
    const ids = unpackIds(results).map((id, index) => ({ number: first + index, id }));
    all.push(...ids.filter(({ number }) => number > after));
    if (all.length >= MOST_RESULTS) break;
  }
  return all.slice(0, MOST_RESULTS);
}
