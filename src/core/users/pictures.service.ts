import { Injectable } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { type Picture } from '../../platform/images/picture.js';
import { type PictureEntity, PictureFiles } from '../../platform/images/picture-files.js';
import { UsersRepository } from './users.repository.js';

const RULE = { field: 'picture', side: 512 };

/** Pictures of accounts. */
@Injectable()
export class PicturesService {
  constructor(
    private readonly users: UsersRepository,
    private readonly files: PictureFiles,
  ) {}

  /**
   * In the place of the one before.
   * @param sent a JPEG or PNG file
   * @throws DomainError invalid_request, busy, not_found
   */
  async set(user: ObjectId, sent: Buffer): Promise<PictureEntity> {
    const picture = await this.files.keep(user, sent, RULE);
    const before = await this.users.setPicture(user, picture);
    if (before === null) {
      await this.files.remove(picture);
      throw new DomainError('not_found', 'There is no such account any more');
    }
    await this.files.tidy(user, picture, before.picture);
    return picture;
  }

  /** Of an account that goes with them. */
  async removeAll(user: ObjectId, transaction: Transaction): Promise<void> {
    await this.files.removeAll(user, transaction);
  }

  async remove(user: ObjectId): Promise<void> {
    const before = await this.users.setPicture(user, undefined);
    await this.files.tidy(user, undefined, before?.picture);
  }

  /** @throws DomainError not_found */
  async get(user: ObjectId | undefined): Promise<Picture & { digest: string }> {
    const picture = user && (await this.users.findPicture(user));
    const read = picture && (await this.files.read(picture));
    if (!picture || !read) throw new DomainError('not_found', 'There is no such picture');
    return { ...read, digest: picture.digest };
  }
}
