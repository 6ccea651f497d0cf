import { Schema } from 'mongoose';
import { type ObjectId } from '../../../platform/database/object-id.js';

export const ARCHIVE_BATCH_MODEL = 'ArchiveBatch';

/** What retention deletes of results: all of them, or their raw bytes. */
export type ArchivedPart = 'results' | 'raw';

/** Results that are to be deleted as soon as they are in the archive. It is here from before its file is begun until they are deleted. */
export interface ArchiveBatchEntity {
  _id: ObjectId;
  operation: ObjectId;
  part: ArchivedPart;
  results: ObjectId[];
  /** a manifest names its file: what is left to do is the deletion */
  named?: true;
}

export const archiveBatchSchema = new Schema<ArchiveBatchEntity>(
  {
    operation: { type: Schema.Types.ObjectId, required: true },
    part: { type: String, required: true },
    results: { type: [Schema.Types.ObjectId], required: true },
    named: Boolean,
  },
  { collection: 'archive_batches', versionKey: false },
);
