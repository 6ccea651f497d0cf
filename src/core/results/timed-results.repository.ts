import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { RESULT_MODEL, type ResultEntity } from '../ingest/index.js';

/** What figures are made of. */
const MEMBERS = {
  operation: 1,
  probe: 1,
  outcome: 1,
  received_at: 1,
  scheduled_at: 1,
  off_schedule: 1,
  uncounted: 1,
  summary: 1,
  rtts: 1,
} as const;

export type TimedResult = Pick<ResultEntity, '_id' | keyof typeof MEMBERS>;

/** Results of one operation that were due, or came where they name no run, from there (included) to there. */
export interface TimedFilter {
  operation: ObjectId;
  probes: readonly ObjectId[];
  from: Date;
  to: Date;
  /** whether some of the probes do not name their runs */
  hasUnnamed: boolean;
}

const AT_ONCE = 500;

/** Reads results by the time that figures are laid to: `timeOf`. */
@Injectable()
export class TimedResultsRepository {
  constructor(@InjectModel(RESULT_MODEL) private readonly model: Model<ResultEntity>) {}

  /** In no order. */
  async *find({ operation, probes, from, to, hasUnnamed }: TimedFilter): AsyncGenerator<TimedResult, void> {
    const common = { operation, probe: { $in: [...probes] } };
    // the code of a run that is named is its time: a range of the index of codes
    const code = { $gte: from.toISOString(), $lt: to.toISOString() };
    yield* this.read(
      { ...common, unique_code: code, scheduled_at: { $gte: from, $lt: to } },
      { operation: 1, probe: 1, unique_code: 1 },
    );
    if (!hasUnnamed) return;
    yield* this.read(
      { ...common, received_at: { $gte: from, $lt: to }, scheduled_at: { $exists: false } },
      { operation: 1, received_at: 1, _id: 1 },
    );
  }

  private read(which: object, hint: Record<string, 1>): AsyncIterable<TimedResult> {
    return this.model.collection.find<TimedResult>(which, { projection: MEMBERS, hint, batchSize: AT_ONCE });
  }
}
