import { type mongo, Schema } from 'mongoose';

export const CHANGE_STATE_MODEL = 'ChangeState';

/** What is kept of a probe and an operation to tell what changes (state.ts). */
export interface ChangeStateEntity {
  /** operation, probe, part: 12, 12 and 2 bytes */
  _id: mongo.Binary | Buffer;
  /** JSON: MongoDB has nothing to look for in it */
  state: string;
  /** of the first part: not before this time the probe may be quiet. Absent: it is quiet already, or no more runs are due */
  quiet_from?: Date;
}

export const changeStateSchema = new Schema<ChangeStateEntity>(
  { _id: Buffer, state: { type: String, required: true }, quiet_from: Date },
  { collection: 'change_states', versionKey: false },
);

// who may be quiet
changeStateSchema.index({ quiet_from: 1 }, { partialFilterExpression: { quiet_from: { $exists: true } } });
