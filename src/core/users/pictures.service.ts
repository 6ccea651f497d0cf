import { Injectable } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { type ExpectedTags } from '../../platform/database/revision.js';
import { ChangedMeanwhileError, DomainError } from '../../platform/errors/domain.error.js';
import { type Picture } from '../../platform/images/picture.js';
import { PictureFiles } from '../../platform/images/picture-files.js';
import { type UserEntity } from './user.schema.js';
import { UsersRepository } from './users.repository.js';

const RULE = { field: 'picture', side: 512 };

const GONE = 'There is no such account any more';

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
   * @param seen tags of the picture or of the account; absent: whatever is there
   * @throws DomainError invalid_request, busy, not_found, changed_meanwhile
   */
  async set(user: ObjectId, sent: Buffer, seen?: ExpectedTags): Promise<UserEntity> {
    const picture = await this.files.keep(user, sent, RULE);
    const before = await this.users.setPicture(user, picture, seen);
    if (before === null) {
      await this.files.remove(picture);
      throw await this.refusal(user);
    }
    await this.files.tidy(user, picture, before.picture);
    const now = await this.users.findById(user);
    if (now === null) throw new DomainError('not_found', GONE);
    return now;
  }

  /** Of an account that goes with them. */
  async removeAll(user: ObjectId, transaction: Transaction): Promise<void> {
    await this.files.removeAll(user, transaction);
  }

  /** @throws DomainError not_found, changed_meanwhile */
  async remove(user: ObjectId, seen?: ExpectedTags): Promise<void> {
    const before = await this.users.setPicture(user, undefined, seen);
    if (before === null) throw await this.refusal(user);
    await this.files.tidy(user, undefined, before.picture);
  }

  /** @throws DomainError not_found */
  async get(user: ObjectId | undefined): Promise<Picture & { digest: string }> {
    const picture = user && (await this.users.findPicture(user));
    const read = picture && (await this.files.read(picture));
    if (!picture || !read) throw new DomainError('not_found', 'There is no such picture');
    return { ...read, digest: picture.digest };
  }

  private async refusal(user: ObjectId): Promise<DomainError> {
    const now = await this.users.findById(user);
    return now === null
      ? new DomainError('not_found', GONE)
      : new ChangedMeanwhileError('The account', now.revision);
  }
}
