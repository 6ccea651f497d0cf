import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { ResultsTail, type TailBatch, type WritingConsumer } from '../../core/ingest/index.js';
import { LATEST_FIELDS, type LatestField, latestOf, targetKey } from './latest-of.js';
import {
  type FoundLatest,
  type LatestFilter,
  type LatestRange,
  LatestRepository,
} from './latest.repository.js';
import { type LatestEntity } from './latest.schema.js';

/** More entries than of most batches: each write of a transaction waits in memory. */
const AT_ONCE = 5_000;

/**
 * Keeps the newest result of each probe and destination: a consumer of the results tail (docs/adr/0025). Its collection is made again
 * when its position is taken away (docs/operations.md, "Derived data").
 */
@Injectable()
export class LatestService implements OnApplicationBootstrap, WritingConsumer<LatestField> {
  readonly name = 'latest';
  readonly start = 'beginning';
  readonly fields = LATEST_FIELDS;

  constructor(
    private readonly repository: LatestRepository,
    private readonly tail: ResultsTail,
  ) {}

  onApplicationBootstrap(): void {
    this.tail.consume(this);
  }

  async begin(): Promise<void> {
    await this.repository.clear();
  }

  async write({ results }: TailBatch<LatestField>, transaction: Transaction): Promise<void> {
    let newest = new Map<string, LatestEntity>();
    for (const { result } of results) {
      for (const each of latestOf(result)) {
        const known = newest.get(each._id);
        if (known === undefined || each.run_at >= known.run_at) newest.set(each._id, each);
      }
      if (newest.size < AT_ONCE) continue;
      await this.repository.put([...newest.values()], transaction);
      newest = new Map();
    }
    await this.repository.put([...newest.values()], transaction);
  }

  /** @param range a target is a name, an address, a URL or its host. @param after the id of the last one that was seen */
  async find(range: LatestRange, filter: LatestFilter, limit: number, after?: string): Promise<FoundLatest> {
    const found = 'target' in range ? { target: targetKey(range.target) } : range;
    return this.repository.find(found, filter, limit, after);
  }
}
