import { Injectable } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { type Picture, pictureOf } from '../../platform/images/picture.js';
import { digestOf } from './keys.service.js';
import { PicturesRepository } from './pictures.repository.js';
import { type PictureEntity } from './user.schema.js';
import { UsersRepository } from './users.repository.js';

const DIGEST_DIGITS = 32;

/** Pictures of accounts. */
@Injectable()
export class PicturesService {
  constructor(
    private readonly users: UsersRepository,
    private readonly pictures: PicturesRepository,
  ) {}

  /**
   * In the place of the one before.
   * @param sent a JPEG or PNG file
   * @throws DomainError invalid_request, busy, not_found
   */
  async set(user: ObjectId, sent: Buffer): Promise<PictureEntity> {
    const { type, bytes } = await pictureOf(sent);
    const digest = digestOf(bytes).slice(0, DIGEST_DIGITS);
    const picture = { file: await this.pictures.add(user, bytes), type, digest };
    const found = await this.users.setPicture(user, picture);
    await this.pictures.removeAllBut(user, found ? picture.file : undefined);
    if (!found) throw new DomainError('not_found', 'There is no such account any more');
    return picture;
  }

  /** Of an account that is on its way out. */
  async removeAll(user: ObjectId): Promise<void> {
    await this.pictures.removeAllBut(user, undefined);
  }

  async remove(user: ObjectId): Promise<void> {
    await this.users.setPicture(user, undefined);
    await this.pictures.removeAllBut(user, undefined);
  }

  /** @throws DomainError not_found */
  async get(user: ObjectId | undefined): Promise<Picture & { digest: string }> {
    const picture = user && (await this.users.findPicture(user));
    const bytes = picture && (await this.pictures.read(picture.file));
    if (!picture || !bytes) throw new DomainError('not_found', 'There is no such picture');
    return { type: picture.type, digest: picture.digest, bytes };
  }
}
