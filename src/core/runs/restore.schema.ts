import { Schema } from 'mongoose';

export const RESTORE_MODEL = 'Restore';

/** Runs between these two moments are lost if only the database knew of them: the account of runs says so. */
export interface RestoreEntity {
  backup_at: Date;
  restored_at: Date;
}

export const RESTORES_COLLECTION = 'restores';

/** Written by the restore command; a handful in the life of a platform. */
export const restoreSchema = new Schema<RestoreEntity>(
  { backup_at: { type: Date, required: true }, restored_at: { type: Date, required: true } },
  { collection: RESTORES_COLLECTION, versionKey: false },
);
