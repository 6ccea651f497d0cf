import { Schema } from 'mongoose';
import { type RestoreEntity, RESTORES_COLLECTION } from '../maintenance/backup/platform-backup.js';

export const RESTORE_MODEL = 'Restore';

/** Written by the restore command; a handful in the life of a platform. */
export const restoreSchema = new Schema<RestoreEntity>(
  { backup_at: { type: Date, required: true }, restored_at: { type: Date, required: true } },
  { collection: RESTORES_COLLECTION, versionKey: false },
);
