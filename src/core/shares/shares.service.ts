import { Injectable } from '@nestjs/common';
import { randomInt } from 'node:crypto';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type ShareEntity } from './share.schema.js';
import { SharesRepository } from './shares.repository.js';

/** With so many letters nobody guesses one: 142 bits. */
const ID_CHARACTERS = 24;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const ID = /^[A-Za-z0-9]{24}$/;
/** Readers of other platforms are promised seven days. */
const KEPT_MS = 30 * 24 * 3_600_000;

export type NewShare = Omit<ShareEntity, '_id' | 'expires_at'>;

/** Gives operations names that open them to whoever knows the name. */
@Injectable()
export class SharesService {
  constructor(private readonly shares: SharesRepository) {}

  /** @returns the share, which is durable when `stored` resolves */
  share(share: NewShare): { share: ShareEntity; stored: Promise<void> } {
    const named = { _id: newId(), ...share, expires_at: new Date(share.created_at.getTime() + KEPT_MS) };
    return { share: named, stored: this.shares.insert(named) };
  }

  /** @returns undefined where there is none, or it is not kept any more */
  async find(id: string): Promise<ShareEntity | undefined> {
    if (!ID.test(id)) return undefined;
    const share = await this.shares.findById(id);
    // MongoDB deletes what is over within a minute
    return share !== null && share.expires_at > new Date() ? share : undefined;
  }

  /** Some of the probes have no part in the operation after all. @param places of them in the list */
  async markAbsent({ _id }: Pick<ShareEntity, '_id'>, places: readonly number[]): Promise<void> {
    if (places.length > 0) await this.shares.markAbsent(_id, places);
  }

  /** An account is gone, and what it had measured for itself with it. */
  async forget(owner: ObjectId): Promise<void> {
    await this.shares.deleteOfOwner(owner);
  }

  /** The operation was not made. */
  async withdraw({ _id }: Pick<ShareEntity, '_id'>): Promise<void> {
    await this.shares.deleteOne(_id);
  }
}

function newId(): string {
  return Array.from({ length: ID_CHARACTERS }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}
