import { Schema } from 'mongoose';

export const ACTIVITY_MODEL = 'Activity';

/** Figures of a minute are deleted a week after it. */
export const ACTIVITY_KEPT_MS = 7 * 24 * 3_600_000;

/** What all servers together took in, in one minute. */
export interface ActivityEntity {
  /** its begin; a result belongs to the minute of its `received_at` */
  minute: Date;
  /** runs that brought something back */
  stored: number;
  /** runs that failed */
  failed: number;
}

export const activitySchema = new Schema<ActivityEntity>(
  {
    minute: { type: Date, required: true },
    stored: { type: Number, required: true },
    failed: { type: Number, required: true },
  },
  { collection: 'activity', versionKey: false },
);

// one document a minute, found by it; and it goes when nobody asks for it any more
activitySchema.index({ minute: 1 }, { unique: true, expireAfterSeconds: ACTIVITY_KEPT_MS / 1000 });
