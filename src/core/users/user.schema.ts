import { Schema } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';

export const USER_MODEL = 'User';

/** An account. `credits` is the sum of its ledger, kept beside it so that it can be checked and changed in one step. */
export interface UserEntity {
  _id: ObjectId;
  /** normalised: lower case, no space around */
  email: string;
  /** bcrypt */
  password_hash: string;
  credits: number;
  is_superuser: boolean;
  created_at: Date;
}

export const userSchema = new Schema<UserEntity>(
  {
    email: { type: String, required: true },
    password_hash: { type: String, required: true },
    credits: { type: Number, required: true },
    is_superuser: { type: Boolean, required: true },
    created_at: { type: Date, required: true },
  },
  { collection: 'users', versionKey: false },
);

// logging in; and two registrations of one e-mail at once: one of them loses here
userSchema.index({ email: 1 }, { unique: true });
