import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import mongoose, { type Connection } from 'mongoose';
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { type ObjectId } from '../database/object-id.js';
import { type Transaction } from '../database/transactions.service.js';
import { type Picture, pictureOf, type PictureRule, type PictureType } from './picture.js';

const BUCKET = 'pictures';
const DIGEST_DIGITS = 32;
/** Nobody is still about to name a file that is so old: a server that died has left it. */
const LEFT_MS = 3_600_000;

/** What a thing says of its picture. */
export interface PictureEntity {
  /** in GridFS */
  file: ObjectId;
  type: PictureType;
  /** of its bytes */
  digest: string;
}

/** Pictures of accounts and of sites, in GridFS: collections `pictures.files` and `pictures.chunks`. A file is named after the id of its thing. */
@Injectable()
export class PictureFiles {
  constructor(@InjectConnection() private readonly connection: Connection) {}

  /**
   * Keeps what somebody sent, decoded and encoded anew. It is the picture of its thing when that says so.
   * @param of the thing's id
   * @throws DomainError invalid_request, busy
   */
  async keep(of: ObjectId, sent: Buffer, rule: PictureRule): Promise<PictureEntity> {
    const { type, bytes } = await pictureOf(sent, rule);
    const digest = createHash('sha256').update(bytes).digest('hex').slice(0, DIGEST_DIGITS);
    const upload = this.bucket.openUploadStream(of.toHexString());
    upload.end(bytes);
    await finished(upload);
    return { file: upload.id, type, digest };
  }

  /** @returns undefined: it was taken away meanwhile */
  async read({ file, type }: PictureEntity): Promise<Picture | undefined> {
    try {
      return { type, bytes: await buffer(this.bucket.openDownloadStream(file)) };
    } catch (error) {
      if (error instanceof mongoose.mongo.MongoRuntimeError) return undefined;
      throw error;
    }
  }

  /**
   * Deletes what a thing had before, and what servers that died have left.
   * @param present what it has now
   */
  async tidy(
    of: ObjectId,
    present: PictureEntity | undefined,
    before: PictureEntity | undefined,
  ): Promise<void> {
    if (before !== undefined) await this.remove(before);
    const left = {
      filename: of.toHexString(),
      uploadDate: { $lt: new Date(Date.now() - LEFT_MS) },
      ...(present && { _id: { $ne: present.file } }),
    };
    for await (const { _id: file } of this.bucket.find(left)) await this.remove({ file });
  }

  async remove({ file }: Pick<PictureEntity, 'file'>): Promise<void> {
    try {
      await this.bucket.delete(file);
    } catch (error) {
      // another server was faster
      if (!(error instanceof mongoose.mongo.MongoRuntimeError)) throw error;
    }
  }

  /** Deletes all of a thing, together with the thing. */
  async removeAll(of: ObjectId, transaction: Transaction): Promise<void> {
    const session = { session: transaction };
    const files = this.database.collection(`${BUCKET}.files`);
    const found = await files.find({ filename: of.toHexString() }, session).toArray();
    if (found.length === 0) return;
    const ids = found.map(({ _id }) => _id);
    await this.database.collection(`${BUCKET}.chunks`).deleteMany({ files_id: { $in: ids } }, session);
    await files.deleteMany({ _id: { $in: ids } }, session);
  }

  private get bucket(): mongoose.mongo.GridFSBucket {
    return new mongoose.mongo.GridFSBucket(this.database, { bucketName: BUCKET });
  }

  private get database(): mongoose.mongo.Db {
    const { db } = this.connection;
    if (db === undefined) throw new Error('the database is not connected');
    return db;
  }
}
