import { Schema } from 'mongoose';

export const ALLOWANCE_MODEL = 'Allowance';
export const ALLOWANCES_COLLECTION = 'allowances';

/** What somebody has taken of an allowance since its time began; as rate-limiter-flexible keeps it. */
export interface AllowanceEntity {
  /** the name of the allowance, a colon, who takes of it */
  key: string;
  points: number;
  /** the whole of it is there again then */
  expire: Date;
}

export const allowanceSchema = new Schema<AllowanceEntity>(
  {
    key: { type: String, required: true },
    points: { type: Number, required: true },
    expire: { type: Date, required: true },
  },
  { collection: ALLOWANCES_COLLECTION, versionKey: false },
);

// who takes, once: of two servers that begin it one finds the other's
allowanceSchema.index({ key: 1 }, { unique: true });
// MongoDB removes what is over
allowanceSchema.index({ expire: 1 }, { expireAfterSeconds: 0 });
