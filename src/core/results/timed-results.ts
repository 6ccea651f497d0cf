import { Injectable } from '@nestjs/common';
import { type TimedFilter, type TimedResult, TimedResultsRepository } from './timed-results.repository.js';

/** Results by the time at which their runs were due, or, of those that name none, at which they came. */
@Injectable()
export class TimedResults {
  constructor(private readonly repository: TimedResultsRepository) {}

  /** In no order; members that figures are made of. */
  find(filter: TimedFilter): AsyncIterable<TimedResult> {
    return this.repository.find(filter);
  }
}
