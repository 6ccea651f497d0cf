import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Turn } from '../../platform/batching/turn.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Position } from '../../platform/http/pages.js';
import { smallWarts, WartsFile } from '../../measurement/formats/warts-file.js';
import {
  DecodedTexts,
  type FollowStep,
  type Parts,
  type ReadResult,
  type ResultFilter,
  ResultReader,
  type ResultSize,
} from '../../core/results/index.js';
import { ResultDto } from './dto/result.dto.js';
import { type ResultsQuery } from './dto/results-query.dto.js';
import { type ResultsCsv } from './results-csv.js';
import { type ResultsParquet } from './results-parquet.js';
import { type ResultEntity } from '../../core/ingest/index.js';

type View = ResultsQuery['view'];

/** Characters of what one result says, in a listing; what is longer is read by itself. */
const MOST_INLINE = 2 * 1024 * 1024;
/** A page that has so many characters ends. */
const MOST_OF_PAGE = 16 * 1024 * 1024;
/** So many are decoded for a page, also of results that turn out to be too long for it. */
const MOST_DECODED = 256 * 1024 * 1024;
/** Of a page so many are kept from when it is measured until they are sent; the others are made again. */
const KEPT = 256 * 1024;

/** Characters of a table that are handed on at once. */
const ENOUGH = 64 * 1024;

/** What is shown of what a result says: nothing, its text, the same when it is made again, or where it can be read. */
type Shown = 'nothing' | { text: string } | 'again' | 'elsewhere';

interface PageItem {
  size: ResultSize;
  shown: Shown;
  /** the whole item, where it was kept */
  text: string | undefined;
}

export interface ResultsPage {
  items: PageItem[];
  /** where the next page begins; undefined: this is the last */
  next: Required<Position> | undefined;
}

/** Results as the API shows them, as text: no listing is ever in memory as a whole. */
@Injectable()
export class ResultListings {
  /** what was found to be too long: a result never changes */
  private readonly long = new LRUCache<string, true>({ max: 10_000 });
  /** what is measured now: of readers that come together the first one finds out what is too long */
  private readonly measuring = new Map<string, Promise<unknown>>();

  constructor(
    private readonly reader: ResultReader,
    private readonly texts: DecodedTexts,
  ) {}

  /** All of them, one a line. */
  async *lines(filter: ResultFilter, view: View, gone: AbortSignal): AsyncGenerator<string | Buffer, void> {
    for await (const group of this.reader.readGroups(filter, partsOf(view))) {
      let text = '';
      for (const result of group) {
        const whole = view === 'summary' ? wholeItem(result, view, 'nothing') : undefined;
        if (whole !== undefined) {
          text += `${whole}\n`;
          continue;
        }
        if (text !== '') yield text;
        text = '\n';
        const { shown } = await this.measure(result, view, KEPT, gone);
        yield* this.item(result, view, shown, gone);
      }
      if (text !== '') yield text;
    }
  }

  /** All of them as CSV, a header first. */
  async *rows(
    filter: ResultFilter,
    csv: ResultsCsv,
    gone: AbortSignal,
  ): AsyncGenerator<string | Buffer, void> {
    yield csv.header;
    for await (const group of this.reader.readGroups(filter, partsOf('summary'))) {
      gone.throwIfAborted();
      let text = '';
      for (const result of group) {
        if (result.head === undefined) {
          yield text;
          text = '';
          yield* this.texts.largeText(() => this.largeRows(result, csv), gone);
          continue;
        }
        for (const rows of csv.rowsOf(ResultDto.from(result.head, result.raw_bytes, null))) {
          text += rows;
          if (text.length < ENOUGH) continue;
          yield text;
          text = '';
        }
      }
      yield text;
    }
  }

  /** All of them as Parquet. What is large is held until its row group is full: there is room for one of them. */
  async *parquet(
    filter: ResultFilter,
    file: ResultsParquet,
    gone: AbortSignal,
  ): AsyncGenerator<Buffer, void> {
    const turn = new Turn();
    for await (const { head, _id, raw_bytes } of this.reader.read(filter, partsOf('summary'))) {
      gone.throwIfAborted();
      await turn.giveWay();
      const whole = head ?? (await this.reader.headOf(_id));
      yield* file.add(ResultDto.from(whole, raw_bytes, null));
    }
    yield file.end();
  }

  /** The records of all of them in one warts file. */
  async *warts(filter: ResultFilter, gone: AbortSignal): AsyncGenerator<Buffer, void> {
    const file = new WartsFile();
    for await (const result of this.reader.read(filter, { head: false, raw: true })) {
      gone.throwIfAborted();
      if (result.format === undefined) {
        file.addFailedRun();
        continue;
      }
      const small = result.raw && smallWarts(result.raw);
      if (small !== undefined) yield* file.add(small);
      else yield* this.texts.largeText(() => this.largeRecords(result, file), gone);
    }
    yield file.end();
  }

  private async *largeRecords({ _id, raw }: ReadResult, file: WartsFile): AsyncGenerator<Buffer, void> {
    yield* file.add(raw ?? (await this.reader.rawOf(_id)));
  }

  private async *largeRows({ _id, raw_bytes }: ReadResult, csv: ResultsCsv): AsyncGenerator<string, void> {
    yield* csv.rowsOf(ResultDto.from(await this.reader.headOf(_id), raw_bytes, null));
  }

  /**
   * Those that come, one a line as in `lines`, with the position of each. The position alone has the first line, which comes at once, and
   * one where nothing came for a while; a line with `lost` stands where some may be missing.
   */
  async *followed(
    operation: ObjectId,
    steps: AsyncIterable<FollowStep>,
    view: View,
    gone: AbortSignal,
  ): AsyncGenerator<string | Buffer, void> {
    let isBegun = false;
    for await (const { position, result, lost, quiet } of steps) {
      const read = lost && `/api/v1/operations/${operation.toHexString()}/results?from={received_at}`;
      if (!isBegun || quiet === true || lost !== undefined)
        yield `${JSON.stringify({ position, lost, read })}\n`;
      isBegun = true;
      if (result === undefined) continue;
      const { shown } = await this.measure(result, view, KEPT, gone);
      yield* this.item(result, view, shown, gone, { position });
      yield '\n';
    }
  }

  /** One of them. */
  async *one(result: ReadResult, view: View, gone: AbortSignal): AsyncGenerator<string | Buffer, void> {
    const { shown } = await this.measure(result, view, KEPT, gone);
    yield* this.item(result, view, shown, gone);
  }

  /**
   * Decides what a page shows.
   * @param limit results at most; it has fewer where they are long
   */
  async page(
    filter: ResultFilter,
    view: View,
    limit: number,
    after: Required<Position> | undefined,
    gone: AbortSignal,
  ): Promise<ResultsPage> {
    const { sizes, examinedTo } = await this.reader.sizes(filter, limit + 1, after);
    const items: PageItem[] = [];
    let length = 0;
    let decoded = 0;
    for await (const result of this.reader.load(sizes.slice(0, limit), partsOf(view))) {
      gone.throwIfAborted();
      const measured = await this.measure(result, view, Math.max(0, KEPT - length), gone);
      length += result.bytes + measured.length;
      decoded += measured.decoded;
      if (items.length > 0 && (length > MOST_OF_PAGE || decoded > MOST_DECODED)) break;
      const text = length > KEPT ? undefined : wholeItem(result, view, measured.shown);
      items.push({ size: result, shown: measured.shown, text });
    }
    const last = items.at(-1)?.size;
    const isAll = last === undefined || sizes.at(-1)?._id.equals(last._id) === true;
    return { items, next: isAll ? examinedTo : { _id: last._id, at: last.received_at } };
  }

  /** @param after members behind the items. @returns JSON text of a page: at once where it is short, in pieces otherwise */
  textOf(page: ResultsPage, view: View, after: object): string | Pieces {
    const end = `],${JSON.stringify(after).slice(1)}`;
    const kept = page.items.map(({ text }) => text).filter((text) => text !== undefined);
    const begin = `{"items":[${kept.join(',')}`;
    const others = page.items.slice(kept.length);
    return others.length === 0 ? begin + end : (gone) => this.pageInPieces(begin, others, view, end, gone);
  }

  private async *pageInPieces(
    begin: string,
    others: PageItem[],
    view: View,
    end: string,
    gone: AbortSignal,
  ): AsyncGenerator<string | Buffer, void> {
    yield begin;
    let separator = begin.endsWith('[') ? '' : ',';
    const shown = new Map(others.map((item) => [String(item.size._id), item.shown]));
    const sizes = others.map(({ size }) => size);
    for await (const result of this.reader.load(sizes, partsOf(view))) {
      yield separator;
      yield* this.item(result, view, shown.get(String(result._id)) ?? 'nothing', gone);
      separator = ',';
    }
    yield end;
  }

  /** @returns what to show, how long that is, and how much was decoded to know it */
  private async measure(
    result: ReadResult,
    view: View,
    keep: number,
    gone: AbortSignal,
  ): Promise<{ shown: Shown; length: number; decoded: number }> {
    if (view === 'summary' || result.format === undefined || result.raw_deleted_at !== undefined)
      return { shown: 'nothing', length: 0, decoded: 0 };
    const key = `${String(result._id)} ${view}`;
    await this.measuring.get(key)?.catch(() => undefined);
    if (this.long.has(key) || result.raw_bytes > MOST_INLINE)
      return { shown: 'elsewhere', length: 0, decoded: 0 };
    // those who wait for it find in `long` what it has found
    const measuring = this.texts.measure(result, view, MOST_INLINE, keep, gone).then((found) => {
      if (found === undefined) this.long.set(key, true);
      return found;
    });
    this.measuring.set(key, measuring);
    const measured = await measuring.finally(() => {
      if (this.measuring.get(key) === measuring) this.measuring.delete(key);
    });
    if (measured === undefined) return { shown: 'elsewhere', length: 0, decoded: MOST_INLINE };
    const { text, length } = measured;
    return { shown: text === undefined ? 'again' : { text }, length, decoded: length };
  }

  private async *item(
    result: ReadResult,
    view: View,
    shown: Shown,
    gone: AbortSignal,
    before: object = {},
  ): AsyncGenerator<string | Buffer, void> {
    const whole = wholeItem(result, view, shown, before);
    if (whole !== undefined) {
      yield whole;
      return;
    }
    if (result.head) yield beginning(result, result.head, view, shown, before);
    else yield* this.texts.largeText(() => this.largeBeginning(result, view, shown, before), gone);
    if (shown === 'again' && view !== 'summary') yield* this.texts.decoded(result, view, gone);
    else yield typeof shown === 'object' ? shown.text : 'null';
    yield '}';
  }

  private async *largeBeginning(
    result: ReadResult,
    view: View,
    shown: Shown,
    before: object,
  ): AsyncGenerator<string, void> {
    yield beginning(result, await this.reader.headOf(result._id), view, shown, before);
  }
}

type Pieces = (gone: AbortSignal) => AsyncIterable<string | Buffer>;

export function partsOf(view: View): Parts {
  return { head: true, raw: view !== 'summary' };
}

/** @returns the text of an item that is in memory already */
function wholeItem(result: ReadResult, view: View, shown: Shown, before: object = {}): string | undefined {
  if (result.head === undefined || shown === 'again') return undefined;
  const decoded = typeof shown === 'object' ? shown.text : 'null';
  return `${beginning(result, result.head, view, shown, before)}${decoded}}`;
}

/** An item up to where its decoded text is to follow, and a brace. @param before members that stand before those of the result */
function beginning(
  { raw_bytes }: ResultSize,
  head: ResultEntity,
  view: View,
  shown: Shown,
  before: object,
): string {
  const decodedUrl =
    shown === 'elsewhere' ? `/api/v1/results/${String(head._id)}/decoded?view=${view}` : null;
  const dto = ResultDto.from(head, raw_bytes, decodedUrl);
  return `${JSON.stringify({ ...before, ...dto }).slice(0, -1)},"decoded":`;
}
