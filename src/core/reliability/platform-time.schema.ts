import { Schema } from 'mongoose';
import { SESSION_KEPT_S } from '../presence/index.js';

export const PLATFORM_TIME_MODEL = 'PlatformTime';

/** One stretch of time in which at least one server of this platform was there. It grows while one is. */
export interface PlatformTimeEntity {
  from: Date;
  /** the last sign of life */
  to: Date;
}

export const platformTimeSchema = new Schema<PlatformTimeEntity>(
  { from: { type: Date, required: true }, to: { type: Date, required: true } },
  { collection: 'platformtimes', versionKey: false },
);

// the one that grows; those of the last month. Kept as long as sessions are
platformTimeSchema.index({ to: 1 }, { expireAfterSeconds: SESSION_KEPT_S });
