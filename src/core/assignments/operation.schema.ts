import { Schema } from 'mongoose';
import { type Idempotent, makeIdempotent } from '../../platform/database/idempotency.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Selection } from '../probes/index.js';
import { type KindName } from '../../measurement/kinds/index.js';
import { type Schedule } from '../../measurement/schedule/schedule.js';

export const OPERATION_MODEL = 'Operation';

export const VISIBILITIES = ['public', 'private'] as const;
export type Visibility = (typeof VISIBILITIES)[number];

/** One scheduled measurement. Its state is derived from its assignments and the clock; only `stopped_at` is stored. */
export interface OperationEntity extends Idempotent {
  _id: ObjectId;
  owner: ObjectId;
  kind: KindName;
  /** the params exactly as they were accepted, as JSON text: unknown ones that the request ignores are kept, and never interpreted */
  accepted_params: string;
  /** the known, checked params: the only ones that reach a probe */
  params: Record<string, unknown>;
  schedule: Schedule;
  result_format: string;
  visibility: Visibility;
  /** credits for one run on one probe */
  cost_per_run: number;
  runs_per_probe: number;
  /** credits paid at creation */
  credits: number;
  probe_count: number;
  /** the rule by which its probes were chosen, where they were not named */
  selection?: Selection;
  created_at: Date;
  /** from then on no probe is given it, and no run is awaited */
  ends_at: Date;
  stopped_at?: Date;
  /** when it was begun or stopped last, by the database's clock: other servers look for it */
  changed_at?: Date;
  /** credits paid back: when it was stopped, or a probe refused it */
  refunded?: number;
  revision: number;
}

export const operationSchema = new Schema<OperationEntity>(
  {
    owner: { type: Schema.Types.ObjectId, required: true },
    kind: { type: String, required: true },
    accepted_params: { type: String, required: true },
    params: { type: Schema.Types.Mixed, required: true },
    schedule: { type: Schema.Types.Mixed, required: true },
    result_format: { type: String, required: true },
    visibility: { type: String, required: true, enum: VISIBILITIES },
    cost_per_run: { type: Number, required: true },
    runs_per_probe: { type: Number, required: true },
    credits: { type: Number, required: true },
    probe_count: { type: Number, required: true },
    selection: Schema.Types.Mixed,
    created_at: { type: Date, required: true },
    ends_at: { type: Date, required: true },
    stopped_at: Date,
    changed_at: Date,
    refunded: Number,
    revision: { type: Number, required: true },
  },
  { collection: 'operations', versionKey: false, minimize: false },
);

// an owner's operations, newest first
operationSchema.index({ owner: 1, _id: -1 });
// what other servers have begun and stopped in the last seconds
operationSchema.index({ changed_at: 1 });
makeIdempotent(operationSchema);
