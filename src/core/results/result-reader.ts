import { Injectable } from '@nestjs/common';
import { handled } from '../../platform/batching/handled.js';
import { inParts } from '../../platform/batching/in-parts.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { rawBytes, type ResultEntity } from '../ingest/index.js';
import {
  type FoundSizes,
  type Parts,
  type ResultSize,
  ResultsRepository,
  type TimePlace,
} from './results.repository.js';
import { type ResultFilter } from './result-filter.js';

/** Sizes that are looked up at once, with those results that are small: as many as weigh so much, raw bytes included. */
const SIZES = 64;
const FIRST_SIZES = 128;
const MOST_SIZES = 1_000;
const PAGE_BYTES = 512 * 1024;
/** A part of a result that weighs more is not read with the others: there may be many readers. */
const LIGHT_HEAD_BYTES = 64 * 1024;
const LIGHT_RAW_BYTES = 16 * 1024;
/** What is read at once, of several results. */
const GROUP_BYTES = 64 * 1024;

/** A result of a listing. What was not asked for, or is large, is missing. */
export interface ReadResult extends ResultSize {
  head?: ResultEntity;
  raw?: Buffer;
}

interface FoundPage<Place> {
  sizes: ResultSize[];
  /** undefined: it is the last */
  next: Place | undefined;
}

/** Reads results so that no reader has more than some of them in memory, however large they are and however slow it is. */
@Injectable()
export class ResultReader {
  constructor(private readonly results: ResultsRepository) {}

  /** In the order in which they came, or the other way round, one after the other. */
  async *read(filter: ResultFilter, parts: Parts): AsyncGenerator<ReadResult, void> {
    for await (const group of this.readGroups(filter, parts)) yield* group;
  }

  /** The same, those together that were read at once: at most 64 KiB. */
  async *readGroups(filter: ResultFilter, parts: Parts): AsyncGenerator<ReadResult[], void> {
    yield* this.readPages(async (limit, after?: TimePlace) => {
      const { sizes, examinedTo } = await this.results.findSizes(filter, limit, after, parts);
      return { sizes, next: examinedTo ?? placeAfter(sizes, limit) };
    }, parts);
  }

  /** How many results of operations were received from then (included) to then; 100,000 at most are counted. */
  async countReceived(
    operations: readonly ObjectId[],
    from: Date,
    to: Date,
  ): Promise<Record<ResultEntity['outcome'], number>> {
    return this.results.countReceived(operations, from, to);
  }

  async sizes(filter: ResultFilter, limit: number, after?: TimePlace): Promise<FoundSizes> {
    return this.results.findSizes(filter, limit, after);
  }

  /** Those of them that are still there, in this order. */
  async *readByIds(ids: readonly ObjectId[], parts: Parts): AsyncGenerator<ReadResult, void> {
    for await (const group of this.readGroupsByIds(ids, parts)) yield* group;
  }

  /** The same, those together that were read at once: at most 64 KiB. */
  async *readGroupsByIds(ids: readonly ObjectId[], parts: Parts): AsyncGenerator<ReadResult[], void> {
    if (ids.length === 0) return;
    yield* this.readPages(async (limit, done: number = 0) => {
      const some = ids.slice(done, done + limit);
      const sizes = await this.results.findSizesByIds(some, parts);
      const byId = new Map(sizes.map((size) => [size._id.toHexString(), size]));
      const next = done + limit < ids.length ? done + limit : undefined;
      return { sizes: some.flatMap((id) => byId.get(id.toHexString()) ?? []), next };
    }, parts);
  }

  /** Those of `sizes` that are still there, in their order. */
  async *load(sizes: readonly ResultSize[], parts: Parts): AsyncGenerator<ReadResult, void> {
    for (const group of groupsOf(sizes, parts)) yield* await this.loadGroup(group, parts);
  }

  /** @throws DomainError not_found */
  async find(id: ObjectId | undefined, parts: Parts): Promise<ReadResult> {
    const size = id && (await this.results.findSize(id));
    const [result] = size ? await this.loadGroup([size], parts) : [];
    if (result === undefined) throw noSuchResult();
    return result;
  }

  /** Raw bytes that are large. */
  async rawOf(id: ObjectId): Promise<Buffer> {
    const [result] = await this.results.findByIds([id], { head: false, raw: true });
    if (result?.raw === undefined) throw noSuchResult();
    return rawBytes(result.raw);
  }

  /** All but the raw bytes, where that is large. */
  async headOf(id: ObjectId): Promise<ResultEntity> {
    const [result] = await this.results.findByIds([id], { head: true, raw: false });
    if (result === undefined) throw noSuchResult();
    return result as ResultEntity;
  }

  /**
   * Between two pages nothing is open at the database, whatever the reader does. The next page is looked up while it takes
   * this one.
   */
  private async *readPages<Place>(
    pageAfter: (limit: number, after?: Place) => Promise<FoundPage<Place>>,
    parts: Parts,
  ): AsyncGenerator<ReadResult[], void> {
    let limit = FIRST_SIZES;
    let coming: Promise<FoundPage<Place>> | undefined = pageAfter(limit);
    while (coming !== undefined) {
      const { sizes, next }: FoundPage<Place> = await coming;
      limit = limitAfter(sizes, limit);
      coming = next === undefined ? undefined : handled(pageAfter(limit, next));
      for (const group of groupsOf(sizes, parts)) yield await this.loadGroup(group, parts);
    }
  }

  private async loadGroup(group: readonly ResultSize[], parts: Parts): Promise<ReadResult[]> {
    const found = new Map<string, Partial<ResultEntity>>();
    const others = group.filter(({ whole }) => whole === undefined);
    for (const { ids, light } of others.length === 0 ? [] : byLightParts(others, parts))
      for (const result of await this.results.findByIds(ids, light)) found.set(String(result._id), result);
    return group.flatMap(({ whole, ...size }): ReadResult[] => {
      const light = lightParts(size, parts);
      const result = whole ?? found.get(size._id.toHexString());
      if (result === undefined) return light.head || light.raw ? [] : [{ ...size }];
      return [
        {
          ...size,
          ...(light.head && { head: result as ResultEntity }),
          ...(light.raw && { raw: rawBytes(result.raw) }),
        },
      ];
    });
  }
}

/** @returns where a full page ends; undefined: it was the last */
function placeAfter(sizes: readonly ResultSize[], limit: number): TimePlace | undefined {
  const last = sizes.length < limit ? undefined : sizes.at(-1);
  return last && { at: last.received_at, _id: last._id };
}

/** @returns how many are looked up after these: few where they are large, and no more than four times as many as before */
function limitAfter(sizes: readonly ResultSize[], limit: number): number {
  // MongoDB reads all of them to weigh them
  const weight = sizes.reduce((sum, { bytes, raw_bytes }) => sum + bytes + raw_bytes, 0);
  const fitting = Math.floor((PAGE_BYTES * sizes.length) / Math.max(1, weight));
  return Math.max(SIZES, Math.min(fitting, 4 * limit, MOST_SIZES));
}

function noSuchResult(): DomainError {
  return new DomainError('not_found', 'There is no such result');
}

function lightParts({ bytes, raw_bytes, format, raw_deleted_at }: ResultSize, { head, raw }: Parts): Parts {
  return {
    head: head && bytes <= LIGHT_HEAD_BYTES,
    raw: raw && format !== undefined && raw_deleted_at === undefined && raw_bytes <= LIGHT_RAW_BYTES,
  };
}

function groupsOf(sizes: readonly ResultSize[], parts: Parts): Iterable<ResultSize[]> {
  const bytesOf = (size: ResultSize) => {
    const light = lightParts(size, parts);
    return (light.head ? size.bytes : 0) + (light.raw ? size.raw_bytes : 0);
  };
  return inParts(sizes, bytesOf, { weight: GROUP_BYTES });
}

/** Those of which the same parts are to be read. */
function byLightParts(group: readonly ResultSize[], parts: Parts): { ids: ObjectId[]; light: Parts }[] {
  const all = [
    { head: true, raw: true },
    { head: true, raw: false },
    { head: false, raw: true },
  ];
  return all.map((light) => ({
    light,
    ids: group
      .filter((size) => {
        const { head, raw } = lightParts(size, parts);
        return head === light.head && raw === light.raw;
      })
      .map(({ _id }) => _id),
  }));
}
