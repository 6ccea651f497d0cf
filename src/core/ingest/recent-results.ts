import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Submission } from './effects.js';
import { type ResultEntity } from './result.schema.js';

/** Retention keeps every result for a minute at least (deleted-runs.ts), so none of these is deleted meanwhile. */
const KEPT_MS = 30_000;
const MOST_BYTES = 32 * 1024 * 1024;
/** A larger one would take the place of many. */
const MOST_BYTES_EACH = 64 * 1024;

/** A result as it was stored, and what it weighs. */
export interface RecentResult {
  result: ResultEntity;
  bytes: number;
}

/**
 * Results that this server has made durable in the last half minute, as they are in the database: the consumers of the tail take them from
 * here, where each would read them back.
 */
@Injectable()
export class RecentResults {
  private readonly kept = new LRUCache<string, RecentResult>({
    maxSize: MOST_BYTES,
    maxEntrySize: MOST_BYTES_EACH,
    sizeCalculation: ({ bytes }) => bytes,
    ttl: KEPT_MS,
  });

  /** @param stored what became durable. One that came early is not kept: it changes when its run is due */
  add(stored: readonly Submission[]): void {
    for (const { result, bytes } of stored)
      if (result.early === undefined) this.kept.set(result._id.toHexString(), { result, bytes });
  }

  get(id: ObjectId): RecentResult | undefined {
    return this.kept.get(id.toHexString());
  }

  /** For a database that was emptied. */
  clear(): void {
    this.kept.clear();
  }
}
