import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { isDuplicateKey, isTimeLimit } from '../../platform/errors/database-errors.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import {
  type ExpectedTags,
  revisionCondition,
  type Seen,
  tagCondition,
} from '../../platform/database/revision.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { type PictureEntity } from '../../platform/images/picture-files.js';
import { type EndedToken, type KeyEntity, USER_MODEL, type UserEntity } from './user.schema.js';

export interface UserFilter {
  /** a part of it, in any case */
  email?: string | undefined;
  suspended?: boolean | undefined;
}

/** A search by a part of an e-mail looks at all accounts: it ends then. */
const MOST_MS = 5_000;

/** What a request needs of an account. */
const WITHOUT_KEYS = { projection: { keys: 0 } };

@Injectable()
export class UsersRepository {
  constructor(@InjectModel(USER_MODEL) private readonly model: Model<UserEntity>) {}

  /** @returns the new account; undefined when the e-mail is taken */
  async create(user: Omit<UserEntity, '_id'>): Promise<UserEntity | undefined> {
    try {
      const created = await this.model.create(user);
      return created.toObject();
    } catch (error) {
      if (isDuplicateKey(error)) return undefined;
      throw error;
    }
  }

  async findById(id: ObjectId): Promise<UserEntity | null> {
    // past mongoose: each request asks for one
    return this.model.collection.findOne<UserEntity>({ _id: id }, WITHOUT_KEYS);
  }

  /** The superuser that was made first. */
  async findFirstSuperuser(): Promise<UserEntity | null> {
    return this.model
      .findOne({ is_superuser: true, deleted_at: { $exists: false } })
      .sort({ _id: 1 })
      .lean<UserEntity>();
  }

  async findByEmail(email: string): Promise<UserEntity | null> {
    return this.model.findOne({ email }, { keys: 0 }).lean<UserEntity>().exec();
  }

  /** @returns the account that has a key, with this key alone */
  async findByKey(digest: string): Promise<UserEntity | null> {
    return this.model.collection.findOne<UserEntity>(
      { 'keys.digest': digest },
      { projection: { ended_tokens: 0, keys: { $elemMatch: { digest } } } },
    );
  }

  /** @returns those that exist, with what ends a credential alone */
  async findForCredentials(ids: readonly ObjectId[]): Promise<UserEntity[]> {
    return this.model.collection
      .find<UserEntity>(
        { _id: { $in: [...ids] } },
        { projection: { ended_tokens: 1, token_version: 1, suspended: 1, 'keys._id': 1 } },
      )
      .toArray();
  }

  /** In order of creation. */
  async findKeys(id: ObjectId): Promise<KeyEntity[]> {
    const user = await this.model.collection.findOne<UserEntity>({ _id: id }, { projection: { keys: 1 } });
    // two that were made at once may stand the other way round
    return (user?.keys ?? []).sort((one, other) =>
      one._id.toHexString() < other._id.toHexString() ? -1 : 1,
    );
  }

  /** @param most that an account may have @returns false: it has so many already, or is no account any more */
  async addKey(id: ObjectId, key: KeyEntity, most: number): Promise<boolean> {
    const { modifiedCount } = await this.model.collection.updateOne(
      { _id: id, [`keys.${most - 1}`]: { $exists: false } },
      { $push: { keys: key } } as object,
    );
    return modifiedCount === 1;
  }

  /** @returns false: the account has no such key */
  async removeKey(id: ObjectId, key: ObjectId): Promise<boolean> {
    const { modifiedCount } = await this.model.collection.updateOne({ _id: id }, {
      $pull: { keys: { _id: key } },
    } as object);
    return modifiedCount === 1;
  }

  /** @param before does nothing where it was used since then */
  async noteKeyUsed(
    id: ObjectId,
    key: ObjectId,
    used: { at: Date; from: string },
    before: Date,
  ): Promise<void> {
    const unused = {
      $elemMatch: {
        _id: key,
        $or: [{ last_used_at: { $exists: false } }, { last_used_at: { $lt: before } }],
      },
    };
    await this.model.collection.updateOne(
      { _id: id, keys: unused },
      { $set: { 'keys.$.last_used_at': used.at, 'keys.$.last_used_from': used.from } },
    );
  }

  /** Ends all access tokens of an account. */
  async raiseTokenVersion(id: ObjectId): Promise<void> {
    await this.model.collection.updateOne(
      { _id: id },
      { $inc: { token_version: 1 }, $unset: { ended_tokens: '' } },
    );
  }

  /**
   * Ends all access tokens of the account.
   * @param present the hash that was confirmed
   * @returns the token version from then on; undefined: the password is another one by now
   */
  async setPassword(id: ObjectId, present: string, hash: string): Promise<number | undefined> {
    const after = await this.model.collection.findOneAndUpdate(
      { _id: id, password_hash: present },
      {
        $set: { password_hash: hash, updated_at: new Date() },
        $inc: { token_version: 1, revision: 1 },
        $unset: { ended_tokens: '' },
      },
      { returnDocument: 'after', projection: { token_version: 1 } },
    );
    return (after as Pick<UserEntity, 'token_version'> | null)?.token_version;
  }

  /** @returns the account as it is now; null: there is none, or it is at a revision that was not seen */
  async setEmail(id: ObjectId, email: string, seen: Seen): Promise<UserEntity | 'taken' | null> {
    try {
      return await this.change(id, { $set: { email } }, seen);
    } catch (error) {
      if (isDuplicateKey(error)) return 'taken';
      throw error;
    }
  }

  /**
   * @param picture undefined: none
   * @param seen tags of the picture or of the account; absent: whatever is there
   * @returns the one before; null: there is no such account, or it is not as it was seen
   */
  async setPicture(
    id: ObjectId,
    picture: PictureEntity | undefined,
    seen?: ExpectedTags,
  ): Promise<{ picture?: PictureEntity } | null> {
    const before: unknown = await this.model.collection.findOneAndUpdate(
      { _id: id, deleted_at: { $exists: false }, ...(seen && tagCondition(seen, 'picture')) },
      {
        $set: { updated_at: new Date(), ...(picture && { picture }) },
        ...(!picture && { $unset: { picture: '' } }),
        $inc: { revision: 1 },
      },
      { returnDocument: 'before', projection: { picture: 1 } },
    );
    return before as { picture?: PictureEntity } | null;
  }

  async findPicture(id: ObjectId): Promise<PictureEntity | undefined> {
    const user = await this.model.collection.findOne<UserEntity>({ _id: id }, { projection: { picture: 1 } });
    return user?.picture;
  }

  async promote(id: ObjectId, passwordHash: string): Promise<void> {
    await this.model.updateOne(
      { _id: id },
      {
        $set: { is_superuser: true, password_hash: passwordHash, updated_at: new Date() },
        $inc: { revision: 1 },
      },
    );
  }

  /** @returns whether there is an account that may administer */
  async hasSuperuser(other?: ObjectId): Promise<boolean> {
    const active = { is_superuser: true, suspended: { $exists: false }, deleted_at: { $exists: false } };
    const found = await this.model.exists(
      other ? { ...active, _id: { $ne: other } } : { is_superuser: true },
    );
    return found !== null;
  }

  /**
   * In order of creation, without those that are being deleted. By a part of the e-mail it is a scan, which is broken off.
   * @throws DomainError busy
   */
  async find({ email, suspended }: UserFilter, limit: number, after?: ObjectId): Promise<UserEntity[]> {
    const conditions = {
      deleted_at: { $exists: false },
      ...(after && { _id: { $gt: after } }),
      ...(email !== undefined && { email: { $regex: escaped(email) } }),
      ...(suspended !== undefined && { suspended: { $exists: suspended } }),
    };
    try {
      return await this.model.collection
        .find<UserEntity>(conditions, { ...WITHOUT_KEYS, sort: { _id: 1 }, limit, maxTimeMS: MOST_MS })
        .toArray();
    } catch (error) {
      if (!isTimeLimit(error)) throw error;
      throw new DomainError('busy', 'The search took too long: ask for a longer part of the e-mail');
    }
  }

  /** @returns the account as it is now; null: there is none, or it is at a revision that was not seen */
  async suspend(
    id: ObjectId,
    suspended: { at: Date; reason: string },
    seen: Seen,
  ): Promise<UserEntity | null> {
    return this.change(id, { $set: { suspended, ending: true } }, seen);
  }

  /** @returns the account as it is now; null: there is none, or it is at a revision that was not seen */
  async unsuspend(id: ObjectId, seen: Seen): Promise<UserEntity | null> {
    return this.change(id, { $unset: { suspended: '', ending: '' } }, seen);
  }

  /** What names its owner goes at once, the e-mail is free. @returns the account as it is now; null: it is so already */
  async markDeleted(id: ObjectId, at: Date): Promise<UserEntity | null> {
    return this.change(id, {
      $set: { deleted_at: at, ending: true, email: `deleted-${id.toHexString()}`, password_hash: '' },
      $unset: { keys: '', ended_tokens: '', picture: '', suspended: '' },
      $inc: { token_version: 1 },
    });
  }

  async findEnding(limit: number): Promise<UserEntity[]> {
    return this.model.collection.find<UserEntity>({ ending: true }, { ...WITHOUT_KEYS, limit }).toArray();
  }

  /** All that follows from its suspension is done. */
  async noteEnded(id: ObjectId): Promise<void> {
    await this.model.collection.updateOne({ _id: id }, { $unset: { ending: '' } });
  }

  /** @returns the credits that it had; undefined: it is gone already */
  async remove(id: ObjectId, transaction: Transaction): Promise<number | undefined> {
    const removed = await this.model.collection.findOneAndDelete(
      { _id: id, deleted_at: { $exists: true } },
      { session: transaction, projection: { credits: 1 } },
    );
    return (removed as Pick<UserEntity, 'credits'> | null)?.credits;
  }

  private async change(
    id: ObjectId,
    { $set, $inc, ...update }: { $set?: object; $inc?: object; $unset?: object },
    seen: Seen = 'any',
  ): Promise<UserEntity | null> {
    const after: unknown = await this.model.collection.findOneAndUpdate(
      { _id: id, deleted_at: { $exists: false }, ...revisionCondition(seen) },
      { ...update, $set: { ...$set, updated_at: new Date() }, $inc: { ...$inc, revision: 1 } },
      { ...WITHOUT_KEYS, returnDocument: 'after' },
    );
    return after as UserEntity | null;
  }

  /** Those that are over by themselves are forgotten on the way; `most` of them are kept, the newest. */
  async endToken(id: ObjectId, token: EndedToken, now: Date, most: number): Promise<void> {
    await this.model.collection.updateOne({ _id: id }, [
      {
        $set: {
          ended_tokens: {
            $slice: [
              {
                $concatArrays: [
                  {
                    $filter: {
                      input: { $ifNull: ['$ended_tokens', []] },
                      cond: {
                        $and: [{ $gt: ['$$this.expires_at', now] }, { $ne: ['$$this.digest', token.digest] }],
                      },
                    },
                  },
                  [token],
                ],
              },
              -most,
            ],
          },
        },
      },
    ]);
  }

  /** @returns the balance after it; null where there is no such account or it would fall below zero */
  async addCredits(id: ObjectId, amount: number, transaction: Transaction): Promise<number | null> {
    const after = await this.model.collection.findOneAndUpdate(
      { _id: id, credits: { $gte: -amount } },
      { $inc: { credits: amount } },
      { session: transaction, returnDocument: 'after', projection: { credits: 1 } },
    );
    return (after as Pick<UserEntity, 'credits'> | null)?.credits ?? null;
  }

  /**
   * Takes credits that the owner spends: an account that is suspended or deleted spends nothing.
   * @returns the account after it, with what its credentials are judged by; null: there is no such account, or it has fewer
   */
  async spend(id: ObjectId, credits: number, transaction: Transaction): Promise<UserEntity | null> {
    const active = { suspended: { $exists: false }, deleted_at: { $exists: false } };
    const after: unknown = await this.model.collection.findOneAndUpdate(
      { _id: id, credits: { $gte: credits }, ...active },
      { $inc: { credits: -credits } },
      { session: transaction, returnDocument: 'after', projection: { picture: 0 } },
    );
    return after as UserEntity | null;
  }

  /** Adds to each account. @returns the balances after it by account; those that do not exist are missing */
  async addCreditsToMany(
    payments: readonly { user: ObjectId; amount: number }[],
    transaction: Transaction,
  ): Promise<Map<string, number>> {
    const [first] = payments;
    if (first === undefined) return new Map();
    if (payments.length === 1) {
      // by far the most common, and one round trip instead of two
      const balance = await this.addCredits(first.user, first.amount, transaction);
      return balance === null ? new Map() : new Map([[first.user.toHexString(), balance]]);
    }
    const updates = payments.map(({ user, amount }) => ({
      updateOne: { filter: { _id: user }, update: { $inc: { credits: amount } } },
    }));
    await this.model.collection.bulkWrite(updates, { session: transaction, ordered: false });
    const accounts = await this.model.collection
      .find(
        { _id: { $in: payments.map(({ user }) => user) } },
        { session: transaction, projection: { credits: 1 } },
      )
      .toArray();
    return new Map(accounts.map(({ _id, credits }) => [_id.toHexString(), credits]));
  }
}

/** @returns a regular expression that matches this text alone */
function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
