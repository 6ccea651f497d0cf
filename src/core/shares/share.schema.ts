import { Schema } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';

export const SHARE_MODEL = 'Share';

/** One probe of a shared operation, in the order in which they are shown. */
export interface SharedProbe {
  probe: ObjectId;
  /** what is shown of it: as it was when the operation was made */
  shown: Record<string, unknown>;
  /** it was not there: it has no part in the operation */
  absent?: true;
}

/** The name under which an operation may be read by whoever knows it, without an account. */
export interface ShareEntity {
  /** random letters and digits */
  _id: string;
  /** absent: none of the probes was there, so nothing was asked of them */
  operation?: ObjectId;
  owner: ObjectId;
  created_at: Date;
  /** a test without a result by then has failed */
  deadline: Date;
  /** it is forgotten then */
  expires_at: Date;
  /** as it is shown to who reads it; what the adapter makes of it is its own */
  asked: Record<string, unknown>;
  /** readers want the output of what is under way */
  asked_progress?: true;
  probes: SharedProbe[];
}

export const shareSchema = new Schema<ShareEntity>(
  {
    _id: { type: String, required: true },
    operation: Schema.Types.ObjectId,
    owner: { type: Schema.Types.ObjectId, required: true },
    created_at: { type: Date, required: true },
    deadline: { type: Date, required: true },
    expires_at: { type: Date, required: true },
    asked: { type: Schema.Types.Mixed, required: true },
    asked_progress: Boolean,
    probes: { type: [Schema.Types.Mixed], required: true } as never,
  },
  { collection: 'shares', versionKey: false, minimize: false },
);

// MongoDB deletes them when their time is over
shareSchema.index({ expires_at: 1 }, { expireAfterSeconds: 0 });
// those of an account that is deleted
shareSchema.index({ owner: 1 });
