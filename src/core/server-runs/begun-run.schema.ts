import { Schema } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';

export const BEGUN_RUN_MODEL = 'BegunRun';

/** Kept behind its end, so that the same run is not begun again by who has read its assignment before. */
const KEPT_S = 3600;

/**
 * A run that a probe without a schedule of its own has said to have, and may begin. It is stored before the probe is allowed to, so it
 * is done once at the most; and it ends with a result, or with its deadline, so it has one fate (docs/adr/0046).
 */
export interface BegunRunEntity {
  _id: ObjectId;
  operation: ObjectId;
  probe: ObjectId;
  /** its number: run-numbers.ts */
  run: number;
  /** with the probe's share of the spread: the name of its result */
  scheduled_at: Date;
  /** the label of the protocol in which it was asked for */
  protocol: string;
  /** whose probe it was when it began: sees to its end, while it lives */
  server: string;
  /** requests that it consists of */
  requests: number;
  begun_at: Date;
  /** what did not come until then is not awaited any more; absent: it is over */
  deadline?: Date;
  over_at?: Date;
}

export const begunRunSchema = new Schema<BegunRunEntity>(
  {
    operation: { type: Schema.Types.ObjectId, required: true },
    probe: { type: Schema.Types.ObjectId, required: true },
    run: { type: Number, required: true },
    scheduled_at: { type: Date, required: true },
    protocol: { type: String, required: true },
    server: { type: String, required: true },
    requests: { type: Number, required: true },
    begun_at: { type: Date, required: true },
    deadline: Date,
    over_at: Date,
  },
  { collection: 'begunruns', versionKey: false },
);

// a run is begun once
begunRunSchema.index({ operation: 1, probe: 1, run: 1 }, { unique: true });
// those whose time is over
begunRunSchema.index({ deadline: 1 }, { sparse: true });
// MongoDB removes what was over long ago
begunRunSchema.index({ over_at: 1 }, { expireAfterSeconds: KEPT_S });

export const RUN_PART_MODEL = 'RunPart';

/** What came of one request of a run that has several, until all have come. */
export interface RunPartEntity {
  run: ObjectId;
  request: number;
  /** JSON, as it came */
  answer: string;
  at: Date;
}

export const runPartSchema = new Schema<RunPartEntity>(
  {
    run: { type: Schema.Types.ObjectId, required: true },
    request: { type: Number, required: true },
    answer: { type: String, required: true },
    at: { type: Date, required: true },
  },
  { collection: 'runparts', versionKey: false },
);

// the answers of a run, each once
runPartSchema.index({ run: 1, request: 1 }, { unique: true });
// MongoDB removes what was left behind
runPartSchema.index({ at: 1 }, { expireAfterSeconds: KEPT_S });
