import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { isDuplicateKey } from '../../platform/errors/database-errors.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import {
  type ExpectedTags,
  revisionCondition,
  type Seen,
  tagCondition,
} from '../../platform/database/revision.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { type PictureEntity } from '../../platform/images/picture-files.js';
import { type UserEntity } from '../users/index.js';
import { SITE_MODEL, type SiteDetails, type SiteEntity } from './site.schema.js';

export interface SiteFilter {
  owner?: ObjectId | undefined;
  /** of the address, any of them */
  countries?: readonly string[] | undefined;
}

/** After a site, or after a number of them. */
export interface SitesFrom {
  after?: ObjectId | undefined;
  skip?: number;
}

/** Who changes a site: its owner, or a superuser. */
export type Changer = Pick<UserEntity, 'is_superuser'>;

const DETAILS = ['contact', 'address', 'location', 'notes'] as const satisfies (keyof SiteDetails)[];

@Injectable()
export class SitesRepository {
  constructor(@InjectModel(SITE_MODEL) private readonly model: Model<SiteEntity>) {}

  /** @returns undefined where there is a site of this key */
  async create(site: Omit<SiteEntity, '_id'>): Promise<SiteEntity | undefined> {
    try {
      return (await this.model.create(site)).toObject();
    } catch (error) {
      if (isDuplicateKey(error)) return undefined;
      throw error;
    }
  }

  async findByKey(key: string): Promise<SiteEntity | null> {
    return this.model.findOne({ key }).lean<SiteEntity>();
  }

  async findByName(name: string, transaction?: Transaction): Promise<SiteEntity | null> {
    return this.model
      .findOne({ name })
      .session(transaction ?? null)
      .lean<SiteEntity>();
  }

  async findByNames(names: readonly string[]): Promise<SiteEntity[]> {
    return this.model.find({ name: { $in: names } }).lean<SiteEntity[]>();
  }

  async countOf(owner: ObjectId): Promise<number> {
    return this.model.countDocuments({ owner });
  }

  /** In order of creation. */
  async find(
    { owner, countries }: SiteFilter,
    limit: number,
    { after, skip = 0 }: SitesFrom,
  ): Promise<SiteEntity[]> {
    return this.model
      .find({
        ...(owner && { owner }),
        ...(countries && { 'address.country': { $in: countries } }),
        ...(after && { _id: { $gt: after } }),
      })
      .sort({ _id: 1 })
      .skip(skip)
      .limit(limit)
      .lean<SiteEntity[]>();
  }

  /**
   * In the place of what was said before.
   * @param by who may change the site, as far as that was looked up
   * @returns null where it is gone, at a revision that was not seen, or emptied meanwhile
   */
  async replace(
    id: ObjectId,
    by: Changer,
    seen: Seen,
    details: SiteDetails,
    at: Date,
  ): Promise<SiteEntity | null> {
    const stated = Object.fromEntries(
      DETAILS.flatMap((name) => (details[name] ? [[name, details[name]]] : [])),
    );
    const absent = Object.fromEntries(DETAILS.flatMap((name) => (details[name] ? [] : [[name, 1 as const]])));
    return this.model
      .findOneAndUpdate(
        { _id: id, ...ownedStill(by), ...revisionCondition(seen) },
        { $set: { ...stated, updated_at: at }, $unset: absent, $inc: { revision: 1 } },
        { returnDocument: 'after' },
      )
      .lean<SiteEntity>();
  }

  /** @returns the site as it was before; null where it is gone, is not as it was expected, or was emptied meanwhile */
  async setPhoto(
    id: ObjectId,
    by: Changer,
    expected: ExpectedTags,
    photo: PictureEntity,
    at: Date,
  ): Promise<SiteEntity | null> {
    const update = { $set: { photo, updated_at: at }, $inc: { revision: 1 } };
    return this.model
      .findOneAndUpdate({ _id: id, ...ownedStill(by), ...tagCondition(expected, 'photo') }, update, {
        returnDocument: 'before',
      })
      .lean<SiteEntity>();
  }

  /** @returns the site as it was before; null where it is gone, has no photo, or is not as it was seen */
  async unsetPhoto(id: ObjectId, seen: ExpectedTags, at: Date): Promise<SiteEntity | null> {
    const update = { $unset: { photo: 1 }, $set: { updated_at: at }, $inc: { revision: 1 } };
    const isThere = { photo: { $exists: true } };
    return this.model
      .findOneAndUpdate({ $and: [{ _id: id }, isThere, tagCondition(seen, 'photo')] }, update, {
        returnDocument: 'before',
      })
      .lean<SiteEntity>();
  }

  /** Takes away what tells who its owner was, but for the name. */
  async empty(
    id: ObjectId,
    { address, location }: Pick<SiteDetails, 'address' | 'location'>,
    at: Date,
    transaction: Transaction,
  ): Promise<void> {
    await this.model
      .updateOne(
        { _id: id },
        {
          $set: {
            updated_at: at,
            emptied_at: at,
            ...(address && { address }),
            ...(location && { location }),
          },
          $unset: { contact: 1, notes: 1, photo: 1 },
          $inc: { revision: 1 },
        },
      )
      .session(transaction);
  }

  /** From now on nobody deletes it, or brings a probe to it, but this transaction. @returns null where it is gone */
  async hold(name: string, transaction: Transaction): Promise<SiteEntity | null> {
    return this.model
      .findOneAndUpdate({ name }, { $inc: { moves: 1 } }, { session: transaction, returnDocument: 'after' })
      .lean<SiteEntity>();
  }

  async delete(id: ObjectId, transaction?: Transaction): Promise<void> {
    await this.model.deleteOne({ _id: id }).session(transaction ?? null);
  }
}

/** An owner may be deleted, and the site emptied, between the look and the change. */
function ownedStill({ is_superuser }: Changer) {
  return is_superuser ? {} : { emptied_at: { $exists: false } };
}
