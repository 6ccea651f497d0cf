import { Schema } from 'mongoose';
import { type Summary } from '../../measurement/formats/summary.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type ResultEntity } from '../../core/ingest/index.js';

export const LATEST_MODEL = 'Latest';

/** What a probe brought last of one destination. Members that results have too are named as there, so that filters of results hold. */
export interface LatestEntity
  extends
    Pick<ResultEntity, 'operation' | 'probe' | 'outcome' | 'received_at'>,
    Partial<Pick<ResultEntity, 'scheduled_at' | 'started_at' | 'clock' | 'failure'>> {
  /** operation, probe, and a digest of the destination: in the order of operations and probes */
  _id: string;
  /** as asked for; null: a failed run, or an entry that names none */
  destination: string | null;
  /** by which it is found without its operation: in lower case, the host of a URL too */
  targets: string[];
  /** what decides which is newest: see `runTime` */
  run_at: Date;
  result: ObjectId;
  /** the entry of its summary; absent for a failed run */
  summary?: [Summary];
}

export const latestSchema = new Schema<LatestEntity>(
  {
    _id: { type: String, required: true },
    operation: { type: Schema.Types.ObjectId, required: true },
    probe: { type: Schema.Types.ObjectId, required: true },
    destination: { type: String, default: null },
    targets: { type: [String], required: true },
    run_at: { type: Date, required: true },
    result: { type: Schema.Types.ObjectId, required: true },
    outcome: { type: String, required: true },
    received_at: { type: Date, required: true },
    scheduled_at: Date,
    started_at: Date,
    clock: Schema.Types.Mixed,
    summary: { type: [Schema.Types.Mixed], default: undefined },
    failure: Schema.Types.Mixed,
  },
  { collection: 'latest', versionKey: false },
);

// who measures a target, over all operations
latestSchema.index({ targets: 1, _id: 1 });
