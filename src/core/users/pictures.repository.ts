import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import mongoose, { type Connection } from 'mongoose';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { type ObjectId } from '../../platform/database/object-id.js';

const BUCKET = 'pictures';

/** Bytes of pictures of accounts, in GridFS: collections `pictures.files` and `pictures.chunks`. */
@Injectable()
export class PicturesRepository {
  constructor(@InjectConnection() private readonly connection: Connection) {}

  async add(user: ObjectId, bytes: Buffer): Promise<ObjectId> {
    const upload = this.bucket.openUploadStream(user.toHexString(), { metadata: { user } });
    upload.end(bytes);
    await finished(upload);
    return upload.id;
  }

  /** @returns undefined: it was taken away meanwhile */
  async read(file: ObjectId): Promise<Buffer | undefined> {
    try {
      return await buffer(this.bucket.openDownloadStream(file));
    } catch (error) {
      if (error instanceof mongoose.mongo.MongoRuntimeError) return undefined;
      throw error;
    }
  }

  /** Deletes all of an account but one: also what a server that died has left. */
  async removeAllBut(user: ObjectId, file: ObjectId | undefined): Promise<void> {
    const { bucket } = this;
    for await (const { _id } of bucket.find({ 'metadata.user': user, ...(file && { _id: { $ne: file } }) }))
      await bucket.delete(_id).catch(ignoreGone);
  }

  private get bucket(): mongoose.mongo.GridFSBucket {
    const { db } = this.connection;
    if (db === undefined) throw new Error('the database is not connected');
    return new mongoose.mongo.GridFSBucket(db, { bucketName: BUCKET });
  }
}

/** Another server was faster. */
function ignoreGone(error: unknown): void {
  if (!(error instanceof mongoose.mongo.MongoRuntimeError)) throw error;
}
