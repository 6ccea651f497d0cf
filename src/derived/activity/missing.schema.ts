import { Schema } from 'mongoose';

export const MISSING_MODEL = 'Missing';

/** Under this name: of all users together. */
export const ALL = 'all';

/** How many runs of the last hour are missing, of one user's operations; nothing is stored of users who miss none. */
export interface MissingEntity {
  /** the user's id, or ALL */
  _id: string;
  missing: number;
  /** when they were counted: what is older was counted in an earlier round, and is none by now */
  at: Date;
}

export const missingSchema = new Schema<MissingEntity>(
  {
    _id: { type: String, required: true },
    missing: { type: Number, required: true },
    at: { type: Date, required: true },
  },
  { collection: 'missing_runs', versionKey: false },
);
