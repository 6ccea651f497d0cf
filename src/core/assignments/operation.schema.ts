import { Schema } from 'mongoose';
import { type Idempotent, makeIdempotent } from '../../platform/database/idempotency.js';
import { type Sequence } from '../../platform/database/numbers/numbers.service.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Selection } from '../probes/index.js';
import { type KindName } from '../../measurement/kinds/index.js';
import { type Schedule } from '../../measurement/schedule/schedule.js';

export const OPERATION_MODEL = 'Operation';

export const VISIBILITIES = ['public', 'private'] as const;
export type Visibility = (typeof VISIBILITIES)[number];

export const KEPT_PARTS = ['raw_s', 'results_s', 'rollups_s'] as const;
/**
 * For how many seconds after they came raw bytes, results and what is derived of them are kept; null: for ever; absent: as long as the
 * platform keeps what says nothing.
 */
export type Retention = Partial<Record<(typeof KEPT_PARTS)[number], number | null>> & {
  /** nothing of it goes into the archive: its owner is gone */
  unarchived?: true;
};

/** What an operation measured; warts: what scamper measures beside our kinds, from a file that was imported. */
export type OperationKind = KindName | typeof WARTS;
export const WARTS = 'warts';

/** Whole numbers of operations; clients of other platforms take lower ones for measurements of the platform itself. */
export const OPERATION_NUMBERS: Sequence = { collection: 'operations', first: 1_000_001, batch: 500 };

/** One scheduled measurement. Its state is derived from its assignments and the clock; only `stopped_at` is stored. */
export interface OperationEntity extends Idempotent {
  _id: ObjectId;
  /** a whole number that names it as well, given once */
  number: number;
  owner: ObjectId;
  /** for people, as its owner says it */
  description?: string;
  /** its owner's, for finding it again */
  tags?: string[];
  kind: OperationKind;
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
  /** how many of them were taken away while it ran, and not added again; absent: none */
  probes_removed?: number;
  /** the rule by which its probes were chosen, where they were not named */
  selection?: Selection;
  created_at: Date;
  /** from then on no probe is given it, and no run is awaited */
  ends_at: Date;
  stopped_at?: Date;
  /** when it was stopped, or its retention was stated, last; absent: neither happened */
  updated_at?: Date;
  /** when it was begun or stopped last, by the database's clock: other servers look for it */
  changed_at?: Date;
  /** credits paid back: when it was stopped, or a probe refused it */
  refunded?: number;
  revision: number;
  /** the words in which it was asked for, where it came by a door of another platform: what its own probes are sent */
  wording?: { protocol: string; request: Record<string, unknown> };
  /** members of a request by a door of another platform that change nothing of what is measured: shown there as they came */
  told?: Record<string, string | number | boolean>;
  /** probes whose output is wanted while they are at it */
  progress_of?: ObjectId[];
  /** the import that has made it: its results came in a file */
  imported?: ObjectId;
  /** what its owner states; absent: nothing */
  retention?: Retention;
  /** of `retention`, for If-Match; absent: 1 */
  retention_revision?: number;
  /** results that came before may be deleted; written before the first of them is */
  results_kept_from?: Date;
  /** raw bytes of results that came before may be deleted */
  raw_kept_from?: Date;
  /** what was to be deleted before these times is deleted, but for what was spared (early results) */
  swept?: Partial<Record<'results' | 'raw', Date>>;
}

export const operationSchema = new Schema<OperationEntity>(
  {
    number: { type: Number, required: true },
    owner: { type: Schema.Types.ObjectId, required: true },
    description: String,
    tags: { type: [String], default: undefined },
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
    probes_removed: Number,
    selection: Schema.Types.Mixed,
    created_at: { type: Date, required: true },
    ends_at: { type: Date, required: true },
    stopped_at: Date,
    updated_at: Date,
    changed_at: Date,
    refunded: Number,
    revision: { type: Number, required: true },
    wording: Schema.Types.Mixed,
    told: Schema.Types.Mixed,
    progress_of: { type: [Schema.Types.ObjectId], default: undefined },
    imported: Schema.Types.ObjectId,
    retention: Schema.Types.Mixed,
    retention_revision: Number,
    results_kept_from: Date,
    raw_kept_from: Date,
    swept: Schema.Types.Mixed,
  },
  { collection: 'operations', versionKey: false, minimize: false },
);

// by number; unique among those that have one
operationSchema.index(
  { number: 1 },
  { unique: true, partialFilterExpression: { number: { $exists: true } } },
);
// operations by tag, newest first
operationSchema.index({ tags: 1, _id: -1 }, { partialFilterExpression: { tags: { $exists: true } } });
// stopped operations, newest first
operationSchema.index(
  { _id: -1, stopped_at: 1 },
  { partialFilterExpression: { stopped_at: { $exists: true } } },
);
// an owner's operations, newest first
operationSchema.index({ owner: 1, _id: -1 });
// whose time is not over: what is missing is counted over these
operationSchema.index({ ends_at: 1 });
// what other servers have begun and stopped in the last seconds
operationSchema.index({ changed_at: 1 });
// those that state for how long they are kept
operationSchema.index(
  { retention: 1, _id: 1 },
  { partialFilterExpression: { retention: { $exists: true } } },
);
makeIdempotent(operationSchema);
