import { Schema } from 'mongoose';

export const MIGRATION_MODEL = 'Migration';

/** One document for each migration that has run, and one, `lock`, that a server holds while it runs them. */
export interface MigrationEntity {
  _id: string;
  at: Date;
  /** of the lock: after this time another server may take it */
  until?: Date;
}

export const migrationSchema = new Schema<MigrationEntity>(
  { _id: { type: String, required: true }, at: { type: Date, required: true }, until: Date },
  { collection: 'migrations', versionKey: false },
);
