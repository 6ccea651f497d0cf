import { type Destination } from '@pladmed/protocol';
import { type mongo, Schema } from 'mongoose';
import { unwrapped } from '../../platform/database/bytes.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Summary } from '../../measurement/formats/summary.js';
import { type ClockEstimate } from '../probes/index.js';
import { type ResultFormat } from '../../measurement/kinds/result-formats.js';

export const RESULT_MODEL = 'Result';

/** What one run brought back. The raw bytes are the truth; everything shown is derived from them. */
export interface ResultEntity {
  _id: ObjectId;
  operation: ObjectId;
  probe: ObjectId;
  /** the run: the time at which it was due, or the probe's own code where its results name no run */
  unique_code: string;
  outcome: 'stored' | 'failed';
  /** when its batch was written, by the platform's clock; later than that of all batches of this server before */
  received_at: Date;
  /** by the probe's clock */
  scheduled_at?: Date;
  started_at?: Date;
  duration_ms?: number;
  clock?: ClockEstimate;
  format?: ResultFormat;
  raw?: Buffer | mongo.Binary;
  summary?: Summary[];
  /** when its raw bytes were deleted: it is older than they are kept */
  raw_deleted_at?: Date;
  /** the version of the rules that made the summary (Format.rules); absent: those of before there were versions */
  summary_rules?: number;
  /** of ping and mtr: of each answer, entry after entry, its round-trip time (packRtts); absent: there is none, or they are too many */
  rtts?: Buffer | mongo.Binary;
  /** of each destination asked for, in order: what the probe made of it, where it said so; the summary says it too */
  destinations?: Destination[];
  /** why the raw bytes could not be decoded, or not to their end */
  decode_error?: string;
  /** of a failed run */
  failure?: { reason: string; detail: string };
  /** `scheduled_at` is the time of no run of the schedule: kept, since it may be all that there is of some run, and marked */
  off_schedule?: boolean;
  /** it is none of the runs that were asked for, or not yet: in no counter of those, and not paid */
  uncounted?: boolean;
  /** it came before its run was due, and counts from then on */
  early?: { run: number; due_at: Date };
  /** the ledger entry that paid for it */
  paid_by?: string;
  /** it is in the archive, with what was deleted of it since */
  archived?: true;
  /** the results tail lacks it, and the outbox does not name it: it came in a small batch (docs/adr/0062) */
  unnumbered?: true;
  /** the import that has brought it, in a file */
  imported?: ObjectId;
  /** of an imported one: when it was stored for the first time, by its file */
  first_received_at?: Date;
}

export const resultSchema = new Schema<ResultEntity>(
  {
    operation: { type: Schema.Types.ObjectId, required: true },
    probe: { type: Schema.Types.ObjectId, required: true },
    unique_code: { type: String, required: true },
    outcome: { type: String, required: true },
    received_at: { type: Date, required: true },
    scheduled_at: Date,
    started_at: Date,
    duration_ms: Number,
    clock: Schema.Types.Mixed,
    format: String,
    raw: Buffer,
    raw_deleted_at: Date,
    summary: { type: [Schema.Types.Mixed], default: undefined },
    summary_rules: Number,
    rtts: Buffer,
    destinations: { type: [Schema.Types.Mixed], default: undefined },
    decode_error: String,
    failure: Schema.Types.Mixed,
    off_schedule: Boolean,
    uncounted: Boolean,
    early: Schema.Types.Mixed,
    paid_by: String,
    archived: Boolean,
    unnumbered: Boolean,
    imported: Schema.Types.ObjectId,
    first_received_at: Date,
  },
  { collection: 'results', versionKey: false },
);

// a run is stored once
resultSchema.index({ operation: 1, probe: 1, unique_code: 1 }, { unique: true });
// an operation's results, page by page, in the order in which they came
resultSchema.index({ operation: 1, received_at: 1, _id: 1 });
// what came early and is due now
resultSchema.index({ 'early.due_at': 1 }, { partialFilterExpression: { 'early.due_at': { $exists: true } } });
// what the results tail lacks: of the last half second, and what a killed server has left
resultSchema.index({ unnumbered: 1 }, { partialFilterExpression: { unnumbered: true } });

/** Expressions of MongoDB: what the raw bytes of a result weigh, and all the rest of it, in bytes. */
export const RAW_SIZE = { $binarySize: { $ifNull: ['$raw', ''] } };
export const HEAD_SIZE = { $subtract: [{ $bsonSize: '$$ROOT' }, RAW_SIZE] };

export function rawBytes(raw: ResultEntity['raw']): Buffer {
  return raw === undefined ? Buffer.alloc(0) : unwrapped(raw);
}
