import { Schema } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Bound } from '../../platform/limits/limit-hits.js';

export const HOLD_MODEL = 'Hold';
/** Of meters and holds. */
export const METERS_COLLECTION = 'meters';

/** Quotas whose use is kept in the database, since all servers share them. */
export const METERED_BOUNDS = [
  'user_operations',
  'user_running',
  'user_results',
  'target_probes',
  'target_packets',
] as const satisfies readonly Bound[];
export type MeteredBound = (typeof METERED_BOUNDS)[number];

/** By quota: operations, results in 24 hours, probes, thousandths of a packet a second. Whole numbers: sums stay exact. */
export type Amounts = Partial<Record<MeteredBound, number>>;

/** What one operation uses of some meters, of each the same, and until when. */
export interface HoldEntity {
  /** the operation's id, a dot, a number: its holds are found by their ids */
  _id: string;
  /** a user's, or those of all targets that it strikes with as many packets */
  meters: string[];
  operation: ObjectId;
  amounts: Amounts;
  /** from then on it does not count, whether it was removed or not */
  until: Date;
  /** of a single run, which is over when all its probes have answered: with this hold the others are looked up */
  single?: true;
}

export const holdSchema = new Schema<HoldEntity>(
  {
    _id: { type: String, required: true },
    meters: { type: [String], required: true },
    operation: { type: Schema.Types.ObjectId, required: true },
    amounts: { type: Schema.Types.Mixed, required: true },
    until: { type: Date, required: true },
    single: Boolean,
  },
  // beside the meters that they are in: a creation writes both by one command (docs/adr/0056)
  { collection: METERS_COLLECTION, versionKey: false },
);

// what of a meter is over, and what will be over next; sparse: meters have neither
holdSchema.index({ meters: 1, until: 1 }, { sparse: true });
// what is over, for the sweep
holdSchema.index({ until: 1 }, { sparse: true });
// single runs that may be over before their time
holdSchema.index({ operation: 1 }, { partialFilterExpression: { single: true } });
