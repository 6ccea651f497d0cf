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
  /** tokens that were logged out and would not be over yet */
  ended_tokens?: EndedToken[];
  /** one without an account, who is in no database */
  is_visitor?: true;
}

export interface EndedToken {
  /** SHA-256, in hexadecimal: the token itself is kept nowhere */
  digest: string;
  expires_at: Date;
}

export const userSchema = new Schema<UserEntity>(
  {
    email: { type: String, required: true },
    password_hash: { type: String, required: true },
    credits: { type: Number, required: true },
    is_superuser: { type: Boolean, required: true },
    created_at: { type: Date, required: true },
    ended_tokens: { type: [{ _id: false, digest: String, expires_at: Date }], default: undefined },
  },
  { collection: 'users', versionKey: false },
);

// logging in; and two registrations of one e-mail at once: one of them loses here
userSchema.index({ email: 1 }, { unique: true });
