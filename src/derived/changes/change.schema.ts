import { Schema } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type SeriesChangeType, type Shown } from './rules/series.js';

export const CHANGE_MODEL = 'Change';
export const CHANGE_NUMBER_MODEL = 'ChangeNumber';

export const CHANGE_TYPES = [
  'path',
  'rtt_level',
  'certificate',
  'dns_answers',
  'http_status',
  'ntp_server',
  'quiet',
] as const satisfies readonly (SeriesChangeType | 'quiet')[];
export type ChangeType = (typeof CHANGE_TYPES)[number];

/** One probe that has seen a change. */
export interface Sighting {
  probe: ObjectId;
  /** the first run that showed it; of a probe that is quiet, when something came last */
  since: Date;
  noticed_at: Date;
  /** the result of that run, and the one before it; of a level there are none */
  first_result?: ObjectId;
  result_before?: ObjectId;
  /** of a probe that was quiet: when something came again */
  back_at?: Date;
}

/** Probes that a change names; it counts all. */
export const MOST_SIGHTINGS = 1000;

/** Something has changed, at one destination, as one or several probes have seen it. */
export interface ChangeEntity {
  _id: ObjectId;
  /** in the order in which changes were noticed, over all operations; without gaps but for what was deleted */
  number: number;
  /** from the same count: when it was noticed by a further probe, or a probe came back */
  updated: number;
  operation: ObjectId;
  type: ChangeType;
  /** null: of a probe that is quiet */
  destination: string | null;
  before: Shown[SeriesChangeType] | null;
  after: Shown[SeriesChangeType] | null;
  /** of the probe that saw it first */
  since: Date;
  noticed_at: Date;
  /** two that have one of them in common are the same change */
  keys: string[];
  probes: Sighting[];
  probe_count: number;
}

export const changeSchema = new Schema<ChangeEntity>(
  {
    number: { type: Number, required: true },
    updated: { type: Number, required: true },
    operation: { type: Schema.Types.ObjectId, required: true },
    type: { type: String, required: true, enum: CHANGE_TYPES },
    destination: String,
    before: Schema.Types.Mixed,
    after: Schema.Types.Mixed,
    since: { type: Date, required: true },
    noticed_at: { type: Date, required: true },
    keys: { type: [String], required: true },
    probes: Schema.Types.Mixed,
    probe_count: { type: Number, required: true },
  },
  { collection: 'changes', versionKey: false, minimize: false },
);

// changes of operations in the order in which they were noticed; the other filters are answered from it
changeSchema.index({ operation: 1, number: 1, type: 1, since: 1, destination: 1 });
// whether another probe has seen it already
changeSchema.index({ operation: 1, type: 1, destination: 1, since: 1 });
// what is new for those who watch
changeSchema.index({ updated: 1 });

/** The last number that was given to a change. */
export interface ChangeNumberEntity {
  _id: 'changes';
  last: number;
}

export const changeNumberSchema = new Schema<ChangeNumberEntity>(
  { _id: { type: String, required: true }, last: { type: Number, required: true } },
  { collection: 'change_numbers', versionKey: false },
);
