import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
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
  tap,
  timer,
} from 'rxjs';
import { catchError } from 'rxjs/operators';
import { handled } from '../../platform/batching/handled.js';
import { firstPart } from '../../platform/batching/in-parts.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type RecentResult, RecentResults } from './recent-results.js';
import { type ResultEntity } from './result.schema.js';
import { StoredResultsRepository } from './stored-results.repository.js';
import { TailAppender } from './tail-appender.js';
import { type TailLogEntity, unpackIds, wordPosition } from './tail-log.schema.js';
import { TailLogRepository } from './tail-log.repository.js';

/** Results in a batch. */
const MOST_RESULTS = 2000;
/** Bytes of what is asked for of them; a batch has one result at least. */
const MOST_BYTES = 8 * 1024 * 1024;
/** Documents of the log that are read at once: under load the first few hold a batch, else many hold a result each. */
const FIRST_ENTRIES = 3;
const MOST_ENTRIES = 100;
/** Entries of which a server remembers the operations: some megabytes. */
const MOST_KNOWN = 400;
/** How often a server looks for what others have appended, while somebody waits. */
const LOOK_MS = 500;
/** The same once nothing has come for a while. What this server appends itself it knows at once. */
const QUIET_LOOK_MS = 2_000;
const QUIET_AFTER_MS = 10_000;

type Always = '_id' | 'operation' | 'probe';
/** What a reader may ask for. The raw bytes are read one by one (core/results). */
export type TailField = Exclude<keyof ResultEntity, Always | 'raw' | 'unnumbered'>;

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
  /** where this server has stored it just now */
  recent?: RecentResult | undefined;
}

/** Reads results in the order of the log. */
@Injectable()
export class TailReader {
  /** The end of the log as it grows: one look for all who wait at this server. */
  private readonly heads;
  /** where it was when somebody waited last */
  private head = 0;
  /** when it was seen to be another one, and when this server looked; by `performance.now()` */
  private quietSince = 0;
  private lookedAt = -Infinity;
  /** By entry of the log: of which operations its results are. */
  private readonly operations = new LRUCache<string, Promise<(string | undefined)[]>>({ max: MOST_KNOWN });

  constructor(
    private readonly log: TailLogRepository,
    private readonly results: StoredResultsRepository,
    private readonly recent: RecentResults,
    appender: TailAppender,
  ) {
    const looks = timer(0, LOOK_MS).pipe(
      filter(() => this.isLookDue(performance.now())),
      exhaustMap(() => from(this.log.head()).pipe(catchError(() => EMPTY))), // the next look may do
    );
    this.heads = merge(looks, appender.heads).pipe(
      tap((head) => {
        if (head !== this.head) this.quietSince = performance.now();
        this.head = head;
      }),
      share(),
    );
  }

  /** @param now by `performance.now()` */
  private isLookDue(now: number): boolean {
    const isQuiet = now - this.quietSince > QUIET_AFTER_MS;
    // timers fire a little early, and late
    const isDue = !isQuiet || now - this.lookedAt > QUIET_LOOK_MS - LOOK_MS / 2;
    if (isDue) this.lookedAt = now;
    return isDue;
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
    const recent = this.recent.after(after, MOST_RESULTS, this.head);
    if (recent !== undefined) return batchOf(recent, fields, operation);
    const entries = await this.entriesAfter(after);
    const [first] = entries;
    if (first === undefined) return undefined;
    const all = this.numberedFrom(entries, after);
    const wanted = operation ? await this.ofOperation(all, entries, operation) : all;
    const numbered = await this.fitting(wanted, fields);
    const byId = await this.load(numbered, fields);
    // those that it does not want are done too
    const to = (numbered.length < wanted.length ? numbered : all).at(-1)?.number ?? after;
    const epochAt = (number: number) => entries.find(({ _id }) => _id >= number)?.epoch ?? first.epoch;
    return {
      results: numbered.flatMap(({ number, id, recent: kept }): TailResult<Field>[] => {
        if (kept) return [kept];
        const result = byId.get(id.toHexString());
        return result ? [{ number, position: wordPosition(number, epochAt(number)), result }] : [];
      }),
      to,
      missed: Math.max(0, first.first - 1 - after),
      epoch: epochAt(to),
    };
  }

  /** @returns what the log has after a number, as much of it as a batch may need */
  private async entriesAfter(after: number): Promise<TailLogEntity[]> {
    const entries = await this.log.findFrom(after + 1, FIRST_ENTRIES);
    const last = entries.at(-1)?._id;
    if (last === undefined || entries.length < FIRST_ENTRIES || last - after >= MOST_RESULTS) return entries;
    return [...entries, ...(await this.log.findFrom(last + 1, MOST_ENTRIES - FIRST_ENTRIES))];
  }

  /** @returns by id: what is asked for of those that this server has not stored just now */
  private async load<Field extends TailField>(
    numbered: readonly Numbered[],
    fields: readonly Field[],
  ): Promise<ReadonlyMap<string, Pick<ResultEntity, Always | Field>>> {
    const missing = numbered.filter(({ recent }) => recent === undefined).map(({ id }) => id);
    const found = missing.length > 0 ? await this.results.findByIds<Field>(missing, fields) : [];
    return new Map(found.map((result) => [result._id.toHexString(), result]));
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

  /** Followers of any operation read every stretch of the log: which operation each result is of is looked up once a server. */
  private async ofOperation(
    numbered: readonly Numbered[],
    entries: readonly TailLogEntity[],
    operation: ObjectId,
  ): Promise<Numbered[]> {
    const last = numbered.at(-1)?.number ?? 0;
    const read = entries.filter(({ first }) => first <= last);
    const loading = this.lookUp(read.filter((entry) => !this.operations.has(keyOf(entry))));
    const known = new Map<number, string | undefined>();
    for (const entry of read) {
      const names = await (loading.get(entry) ?? this.operations.get(keyOf(entry)));
      names?.forEach((name, index) => known.set(entry.first + index, name));
    }
    const wanted = operation.toHexString();
    return numbered.filter(({ number }) => known.get(number) === wanted);
  }

  /** Begins to look up, for all who ask meanwhile; what fails is looked up by who asks next. */
  private lookUp(entries: readonly TailLogEntity[]): Map<TailLogEntity, Promise<(string | undefined)[]>> {
    const loading = new Map<TailLogEntity, Promise<(string | undefined)[]>>();
    if (entries.length === 0) return loading;
    const found = handled(this.operationsOf(entries));
    entries.forEach((entry, index) => {
      const names = found.then((all) => all[index] ?? []);
      names.catch(() => this.operations.delete(keyOf(entry)));
      this.operations.set(keyOf(entry), names);
      loading.set(entry, names);
    });
    return loading;
  }

  /** @returns for each entry the operations of its results, in their order; undefined: it was deleted */
  private async operationsOf(entries: readonly TailLogEntity[]): Promise<(string | undefined)[][]> {
    const ids = entries.map(({ results }) => unpackIds(results));
    const found = await this.results.findByIds(ids.flat(), []);
    const texts = new Map<string, string>();
    const byId = new Map(
      found.map(({ _id, operation }) => {
        const text = operation.toHexString();
        // one text for all results of an operation
        if (!texts.has(text)) texts.set(text, text);
        return [_id.toHexString(), texts.get(text)];
      }),
    );
    return ids.map((some) => some.map((id) => byId.get(id.toHexString())));
  }

  private numberedFrom(entries: readonly TailLogEntity[], after: number): Numbered[] {
    const all: Numbered[] = [];
    for (const { first, results, epoch } of entries) {
      const ids = unpackIds(results).map((id, index) => ({ number: first + index, id }));
      for (const each of ids)
        if (each.number > after) all.push({ ...each, recent: this.recent.get(each.number, epoch) });
      if (all.length >= MOST_RESULTS) break;
    }
    return all.slice(0, MOST_RESULTS);
  }

  /** @returns as many of them, from the first on, as may be in memory together */
  private async fitting(
    numbered: readonly Numbered[],
    fields: readonly TailField[],
  ): Promise<readonly Numbered[]> {
    if (!isLarge(fields)) return numbered;
    const missing = numbered.filter(({ recent }) => recent === undefined).map(({ id }) => id);
    const sizes = missing.length > 0 ? await this.results.findSizes(missing) : new Map<string, number>();
    const bytesOf = ({ id, recent }: Numbered) => recent?.bytes ?? sizes.get(id.toHexString()) ?? 0;
    return firstPart(numbered, bytesOf, { weight: MOST_BYTES });
  }
}

function keyOf({ epoch, _id, first }: TailLogEntity): string {
  return `${epoch} ${first} ${_id}`;
}

/** Whether what is asked for may be so much that it is weighed first. */
function isLarge(fields: readonly TailField[]): boolean {
  return fields.includes('summary') || fields.includes('destinations');
}

/** @returns as many of them, from the first on, as may be in memory together */
function batchOf<Field extends TailField>(
  recent: readonly RecentResult[],
  fields: readonly Field[],
  operation: ObjectId | undefined,
): TailBatch<Field> | undefined {
  const most = isLarge(fields) ? { weight: MOST_BYTES } : {};
  const all = firstPart(recent, ({ bytes }) => bytes, most);
  const last = all.at(-1);
  if (last === undefined) return undefined;
  const results = operation ? all.filter(({ result }) => operation.equals(result.operation)) : all;
  return { results, to: last.number, missed: 0, epoch: last.epoch };
}
