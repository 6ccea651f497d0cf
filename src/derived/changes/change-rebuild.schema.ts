import { Schema } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';

export const CHANGE_REBUILD_MODEL = 'ChangeRebuild';

/** The changes of one operation are found anew, from its first result on; until it is done, the consumer leaves its results alone. */
export interface ChangeRebuildEntity {
  /** of the operation */
  _id: ObjectId;
  /** what was done, as a position of the results tail; absent: nothing yet */
  position?: string;
  /** it is done up to this number of the tail: the consumer has what comes after it */
  done?: number;
}

export const changeRebuildSchema = new Schema<ChangeRebuildEntity>(
  { position: String, done: Number },
  { collection: 'change_rebuilds', versionKey: false },
);
