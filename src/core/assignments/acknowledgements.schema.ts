import { type mongo, Schema } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';

export const ACKNOWLEDGEMENTS_MODEL = 'Acknowledgements';

/** Probes that acknowledged one operation at about the same time; an assignment that has a time of its own is in none. */
export interface AcknowledgementsEntity {
  _id: ObjectId;
  operation: ObjectId;
  at: Date;
  /** ids of their assignments, twelve bytes each, one after the other */
  assignments: Buffer | mongo.Binary;
}

export const acknowledgementsSchema = new Schema<AcknowledgementsEntity>(
  {
    operation: { type: Schema.Types.ObjectId, required: true },
    at: { type: Date, required: true },
    assignments: { type: Buffer, required: true },
  },
  { collection: 'acknowledgements', versionKey: false },
);

// when the probes of an operation acknowledged it
acknowledgementsSchema.index({ operation: 1 });
