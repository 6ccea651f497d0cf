import { Schema } from 'mongoose';
import { type ObjectId } from '../../../platform/database/object-id.js';

export const RENEWAL_MODEL = 'Renewal';

/** How far the stored summaries have been derived anew by one set of rules. */
export interface RenewalEntity {
  /** the rules */
  _id: string;
  began_at: Date;
  /** every result up to this one has been looked at */
  after?: ObjectId;
  looked_at: number;
  changed: number;
  /** when no result was left for the first time; servers of before may have stored more since */
  caught_up_at?: Date;
  done_at?: Date;
}

export const renewalSchema = new Schema<RenewalEntity>(
  {
    _id: { type: String, required: true },
    began_at: { type: Date, required: true },
    after: Schema.Types.ObjectId,
    looked_at: { type: Number, required: true },
    changed: { type: Number, required: true },
    caught_up_at: Date,
    done_at: Date,
  },
  { collection: 'renewals', versionKey: false },
);
