import { Schema } from 'mongoose';
import { type Amounts, METERS_COLLECTION } from './hold.schema.js';

export const METER_MODEL = 'Meter';

/**
 * The sum of all holds of a user, or of a target: changed with them in one transaction, so that it is exact, and two creations
 * that touch one meter conflict.
 */
export interface MeterEntity {
  /** userMeter() or targetMeter() */
  _id: string;
  holds: number;
  sums: Amounts;
}

export const meterSchema = new Schema<MeterEntity>(
  {
    _id: { type: String, required: true },
    holds: { type: Number, required: true },
    sums: { type: Schema.Types.Mixed, required: true },
  },
  { collection: METERS_COLLECTION, versionKey: false },
);
