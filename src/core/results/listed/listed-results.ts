import { Injectable } from '@nestjs/common';
import { handled } from '../../../platform/batching/handled.js';
import { inParts } from '../../../platform/batching/in-parts.js';
import { type ObjectId } from '../../../platform/database/object-id.js';
import { type Presentation } from '../../../measurement/formats/format.js';
import { DecodedTexts } from '../decoded-texts.js';
import { type ReadResult, ResultReader } from '../result-reader.js';
import {
  bytesOf,
  KnownLists,
  type KnownResult,
  type ListedPart,
  type ListedResult,
  nameOf,
  resultsOf,
} from './known-lists.js';
import {
  lastPlace,
  listIn,
  operationIn,
  type ResultList,
  type ResultPlace,
  ResultListsRepository,
} from './result-lists.repository.js';

/** Results that are listed at once. */
const PAGE = 2_000;
/** One reading puts no more than a part of this in the place of what others have read. */
const KNOWN_BYTES = 32 * 1024 * 1024;
const MOST_OF_READING = KNOWN_BYTES / 4;
/** Characters of short texts that are handed on at once. */
const ENOUGH = 64 * 1024;

/** An operation of which results are listed. */
export interface ListedFrom {
  _id: ObjectId;
  as: Presentation;
  /** raw bytes of results that came before may be deleted (OperationEntity.raw_kept_from), as it was read for this listing */
  raw_kept_from?: Date | undefined;
}

interface Reading {
  from: ReadonlyMap<string, ListedFrom>;
  /** lists of each operation so far */
  lists: Map<string, number>;
  /** bytes that may still be remembered */
  room: number;
  gone: AbortSignal;
}

/** A list as it is now. */
interface Found {
  operation: string;
  /** which list of its operation */
  number: number;
  bytes: string;
  /** undefined: it is as before */
  list: ResultList | undefined;
  /** of each result of the list */
  known: readonly (KnownResult | undefined)[];
  /** where it is as before */
  parts: readonly ListedPart[];
}

/**
 * Results for listings that show what each says, and nothing else of it. MongoDB is asked each time which results there are; what a result
 * says is decoded once, as nothing changes it but the deletion of its raw bytes (docs/adr/0060).
 */
@Injectable()
export class ListedResults {
  private readonly known = new KnownLists(KNOWN_BYTES);

  constructor(
    private readonly lists: ResultListsRepository,
    private readonly reader: ResultReader,
    private readonly texts: DecodedTexts,
  ) {}

  /**
   * Results that brought something, one operation after the other, each in the order in which they came. A part that is as before is the
   * same object as before.
   * @param operations ascending
   * @param gone ends the waiting for a turn
   */
  async *of(operations: readonly ListedFrom[], gone: AbortSignal): AsyncGenerator<ListedPart, void> {
    const from = new Map(operations.map((operation) => [operation._id.toHexString(), operation]));
    const reading: Reading = { from, lists: new Map(), room: MOST_OF_READING, gone };
    const ids = operations.map(({ _id }) => _id);
    let coming: Promise<Buffer[]> | undefined = this.lists.find(ids, PAGE, undefined);
    while (coming !== undefined) {
      const page: Buffer[] = await coming;
      const found = page.map((bytes) => this.find(bytes, reading)).sort(byOperation);
      const last = endOf(found);
      // between two pages nothing is open at the database; the next one is looked up while the reader takes this one
      coming = last && handled(this.lists.find(ids, PAGE, last));
      yield* this.page(found, reading);
    }
  }

  private async *page(found: readonly Found[], reading: Reading): AsyncGenerator<ListedPart, void> {
    const missing = found.flatMap(({ list, known }) => list?.ids.filter((_id, n) => !known[n]) ?? []);
    const read = new InOrder(this.reader.readGroupsByIds(missing, { head: false, raw: true }));
    try {
      for (const each of found) {
        yield* each.parts;
        if (each.list !== undefined) yield* this.read(each, each.list, read, reading);
      }
    } finally {
      await read.end();
    }
  }

  private find(bytes: Buffer, { from, lists }: Reading): Found {
    const text = bytes.toString('latin1');
    const operation = operationIn(bytes);
    const number = lists.get(operation) ?? 0;
    lists.set(operation, number + 1);
    const now = from.get(operation);
    const before = this.known.get(operation, number);
    const usable = before?.as === now?.as ? before : undefined;
    if (usable?.bytes === text && usable.known.every((result) => result && isKept(result, now)))
      return { operation, number, bytes: text, list: undefined, known: usable.known, parts: usable.parts };
    const list = listIn(bytes);
    const results = usable && resultsOf(usable);
    const known = list.ids.map((_id, n) => {
      const result = results?.get(nameOf(list, n));
      return result && isKept(result, now) ? result : undefined;
    });
    return { operation, number, bytes: text, list, known, parts: [] };
  }

  /** What is not known is read; what is there no more is left out. */
  private async *read(
    { operation, number, bytes, known: before }: Found,
    list: ResultList,
    read: InOrder,
    reading: Reading,
  ): AsyncGenerator<ListedPart, void> {
    const now = reading.from.get(operation);
    if (now === undefined) return;
    const known: (KnownResult | undefined)[] = [];
    let results: ListedResult[] = [];
    let length = 0;
    for (const [n, id] of list.ids.entries()) {
      const result = before[n] ?? (await this.readOne(id, read, now, reading.gone));
      const isLong = result !== undefined && 'raw_bytes' in result;
      if (isLong || length >= ENOUGH) {
        yield { operation, results };
        [results, length] = [[], 0];
      }
      if (isLong) yield { operation, results: [], long: result };
      else if (result?.isShown === true) {
        results.push(result);
        length += lengthOf(result);
      }
      known.push(isLong ? undefined : remembered(result, before[n], reading));
    }
    const parts = known.every((result) => result !== undefined) ? partsOf(operation, known) : [];
    this.known.set({ operation, bytes, as: now.as, known, parts }, number);
    yield { operation, results };
  }

  /** @returns what it says where that is short; undefined: it is there no more */
  private async readOne(
    id: ObjectId,
    read: InOrder,
    { as }: ListedFrom,
    gone: AbortSignal,
  ): Promise<KnownResult | ReadResult | undefined> {
    const result = await read.take(id);
    if (result === undefined) return undefined;
    const isShown = result.outcome === 'stored';
    const isNothing = !isShown || result.raw_deleted_at !== undefined;
    const text = isNothing
      ? null
      : (this.texts.atOnce(result, as) ?? (await this.texts.short(result, as, gone)));
    if (text === undefined) return result;
    const { probe, received_at } = result;
    return { probe: probe.toHexString(), text: text && flat(text), received_at, isShown };
  }
}

/** Raw bytes are deleted only of results that came before their operation's `raw_kept_from`. */
function isKept({ text, received_at }: KnownResult, from: ListedFrom | undefined): boolean {
  return text === null || from?.raw_kept_from === undefined || received_at >= from.raw_kept_from;
}

/** @param before if it was known already @returns undefined where this reading has no room left for it */
function remembered(
  result: KnownResult | undefined,
  before: KnownResult | undefined,
  reading: Reading,
): KnownResult | undefined {
  if (result === undefined || result === before) return result;
  reading.room -= bytesOf(result);
  return reading.room < 0 ? undefined : result;
}

/** Cut where readers hold no more than `ENOUGH`, or one text. */
function partsOf(operation: string, known: readonly KnownResult[]): ListedPart[] {
  const shown = known.filter(({ isShown }) => isShown);
  return [...inParts(shown, lengthOf, { weight: ENOUGH })].map((results) => ({ operation, results }));
}

function lengthOf({ text }: ListedResult): number {
  return text?.length ?? 0;
}

/** A text that was put together keeps all its parts in memory until it is made anew. */
function flat(text: string): string {
  return Buffer.from(text).toString();
}

function byOperation(a: Found, b: Found): number {
  return a.operation < b.operation ? -1 : 1;
}

/** @returns where a full page ends; undefined: it was the last */
function endOf(found: readonly Found[]): ResultPlace | undefined {
  const last = found.at(-1);
  const count = found.reduce((sum, { known }) => sum + known.length, 0);
  return last === undefined || count < PAGE
    ? undefined
    : lastPlace(last.list ?? listIn(Buffer.from(last.bytes, 'latin1')));
}

/** Results that come in groups, handed out by their ids, which are asked for in the same order. */
class InOrder {
  private group: readonly ReadResult[] = [];
  private at = 0;

  constructor(private readonly groups: AsyncGenerator<ReadResult[], void>) {}

  /** @returns undefined: it is there no more */
  async take(id: ObjectId): Promise<ReadResult | undefined> {
    while (this.at === this.group.length) {
      const next = await this.groups.next();
      if (next.done === true) return undefined;
      [this.group, this.at] = [next.value, 0];
    }
    const result = this.group[this.at];
    if (result?._id.equals(id) !== true) return undefined;
    this.at += 1;
    return result;
  }

  async end(): Promise<void> {
    await this.groups.return();
  }
}
