import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { type Transaction } from '../../platform/database/transactions.service.js';
import {
  type GatheringConsumer,
  type Gathering,
  ResultsTail,
  type TailBatch,
} from '../../core/ingest/index.js';
import { LATEST_FIELDS, type LatestField, newestOf, targetKey } from './latest-of.js';
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
export class LatestService implements OnApplicationBootstrap, GatheringConsumer<LatestField> {
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

  /** Each probe and destination is written once for all results that come within some seconds, while many do. */
  gather(): Gathering<LatestField> {
    return new LatestGathering(this.repository);
  }

  /** @param range a target is a name, an address, a URL or its host. @param after the id of the last one that was seen */
  async find(range: LatestRange, filter: LatestFilter, limit: number, after?: string): Promise<FoundLatest> {
    const found = 'target' in range ? { target: targetKey(range.target) } : range;
    return this.repository.find(found, filter, limit, after);
  }
}

/** The newest of some batches. */
class LatestGathering implements Gathering<LatestField> {
  private readonly newest = new Map<string, LatestEntity>();

  constructor(private readonly repository: LatestRepository) {}

  get isFull(): boolean {
    return this.newest.size >= AT_ONCE;
  }

  add({ results }: TailBatch<LatestField>): Promise<void> {
    for (const each of newestOf(results.map(({ result }) => result))) {
      const known = this.newest.get(each._id);
      if (known === undefined || each.run_at >= known.run_at) this.newest.set(each._id, each);
    }
    return Promise.resolve();
  }

  async write(transaction: Transaction): Promise<void> {
    const all = [...this.newest.values()];
    for (let from = 0; from < all.length; from += AT_ONCE)
      await this.repository.put(all.slice(from, from + AT_ONCE), transaction);
  }
}
