import { Injectable } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { OwnTimesRepository, type OwnTimeFilter } from './own-times.repository.js';
import { type ReadResult, ResultReader } from './result-reader.js';
import { type Parts } from './results.repository.js';

/** Reads results by the clocks of their probes, right or wrong. */
@Injectable()
export class OwnTimes {
  constructor(
    private readonly repository: OwnTimesRepository,
    private readonly reader: ResultReader,
  ) {}

  /** In the order of that time, one after the other: memory does not grow with their number. */
  async *read(filter: OwnTimeFilter, parts: Parts): AsyncGenerator<ReadResult, void> {
    for await (const ids of this.repository.findIds(filter)) yield* this.reader.readByIds(ids, parts);
  }

  /** The newest of each probe. */
  async *newest(filter: OwnTimeFilter, parts: Parts): AsyncGenerator<ReadResult, void> {
    yield* this.reader.readByIds(await this.repository.findNewest(filter), parts);
  }

  /** @returns ids of the last `count`, the oldest first */
  async last(filter: OwnTimeFilter, count: number): Promise<ObjectId[]> {
    return this.repository.findLast(filter, count);
  }
}
