import { Schema } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type PictureEntity } from '../../platform/images/picture-files.js';
import { KEY_SCOPES, type KeyScope } from '../../platform/http/permissions.js';
import { type Confirmation } from './confirmation.js';

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
  /** raised by each change that a person makes; credits and uses of keys are none */
  revision: number;
  updated_at: Date;
  /** tokens that were logged out and would not be over yet */
  ended_tokens?: EndedToken[];
  /** raised to end all access tokens given out so far; absent: 0 */
  token_version?: number;
  /** what programs show in the place of a token; read only where they are asked for */
  keys?: KeyEntity[];
  picture?: PictureEntity;
  /** nobody enters it */
  suspended?: { at: Date; reason: string };
  /** it is on its way out: nobody enters it, and nothing tells whose it was */
  deleted_at?: Date;
  /** what follows from its suspension or deletion is not done yet */
  ending?: true;
  /** one without an account, who is in no database */
  is_visitor?: true;
  /** how the caller showed who it is; in no database */
  via?: Via;
  /** of one that was remembered (Principal); in no database */
  confirmation?: Confirmation<UserEntity>;
}

/** A credential that was accepted. */
export interface Via {
  /** of the credential, unique among all: `key:<id>` or `token:<digest>` */
  id: string;
  /** it is over then */
  until?: Date | undefined;
  /** of a key; a token may do everything that its account may */
  scopes?: readonly KeyScope[];
}

/** A secret of a program. */
export interface KeyEntity {
  _id: ObjectId;
  name: string;
  scopes: KeyScope[];
  /** SHA-256, in hexadecimal: the key itself is kept nowhere */
  digest: string;
  created_at: Date;
  expires_at?: Date;
  /** to the minute */
  last_used_at?: Date;
  /** an IPv4 address, or the /64 of an IPv6 address */
  last_used_from?: string;
}

export interface EndedToken {
  /** SHA-256, in hexadecimal: the token itself is kept nowhere */
  digest: string;
  expires_at: Date;
}

const keySchema = new Schema<KeyEntity>({
  name: { type: String, required: true },
  scopes: { type: [{ type: String, enum: KEY_SCOPES }], required: true },
  digest: { type: String, required: true },
  created_at: { type: Date, required: true },
  expires_at: Date,
  last_used_at: Date,
  last_used_from: String,
});

export const userSchema = new Schema<UserEntity>(
  {
    email: { type: String, required: true },
    password_hash: { type: String, required: true },
    credits: { type: Number, required: true },
    is_superuser: { type: Boolean, required: true },
    created_at: { type: Date, required: true },
    revision: { type: Number, required: true },
    updated_at: { type: Date, required: true },
    ended_tokens: { type: [{ _id: false, digest: String, expires_at: Date }], default: undefined },
    token_version: Number,
    picture: Schema.Types.Mixed,
    suspended: Schema.Types.Mixed,
    deleted_at: Date,
    ending: Boolean,
    keys: { type: [keySchema], default: undefined },
  },
  { collection: 'users', versionKey: false },
);

// logging in; and two registrations of one e-mail at once: one of them loses here
userSchema.index({ email: 1 }, { unique: true });
// whose key it is: each request that shows one asks
userSchema.index({ 'keys.digest': 1 }, { sparse: true });
// accounts that end, and are not finished
userSchema.index({ ending: 1 }, { sparse: true });
// whether there is one; most accounts are not in it
userSchema.index({ is_superuser: 1 }, { partialFilterExpression: { is_superuser: true } });
