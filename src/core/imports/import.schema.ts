import { Schema } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';

export const IMPORT_MODEL = 'Import';

export const IMPORT_STATES = ['waiting', 'running', 'done', 'failed'] as const;
export type ImportState = (typeof IMPORT_STATES)[number];

/** What is wrong with one record. */
export interface ImportError {
  /** its place in the file, from 0; null: it is about the file */
  record: number | null;
  message: string;
}

/** What has become of the records that were read. */
export interface ImportCounts {
  /** records of the file that were read, those that describe the file included */
  records: number;
  /** results that are stored */
  stored: number;
  /** results that were there before */
  duplicates: number;
  /** records that say nothing that is stored: lists and cycles, types that nobody knows */
  skipped: number;
  /** records that could not be stored */
  refused: number;
}

/** A file that is imported: each content once for each owner. One that failed is the same job when it comes again, from the beginning. */
export interface ImportEntity extends ImportCounts {
  _id: ObjectId;
  owner: ObjectId;
  /** hexadecimal, of the file as it came */
  sha256: string;
  /** of the file, as it came */
  name: string;
  bytes: number;
  source: 'folder' | 'upload';
  /** of the server that has the file; absent: all see it, in the folder */
  server?: string;
  /** what the file of an upload is called there; absent: after owner and content */
  file?: string;
  state: ImportState;
  /** results that earlier tries have stored, which this one takes for duplicates; absent: it is the first */
  stored_before?: number;
  /** the first ones */
  errors: ImportError[];
  operations: ObjectId[];
  created_at: Date;
  begun_at?: Date;
  ended_at?: Date;
  /** its state or its counts changed; absent: before anything was */
  updated_at?: Date;
  /** who works on it, and until when nobody else does, by the database's clock */
  holder?: string;
  until?: Date;
}

/** What has become of the records of a file, over all tries. */
export function countsOf({
  records,
  stored,
  duplicates,
  skipped,
  refused,
  stored_before = 0,
}: ImportEntity): ImportCounts {
  return {
    ...{ records, skipped, refused, stored: stored + stored_before },
    duplicates: Math.max(0, duplicates - stored_before),
  };
}

export const importSchema = new Schema<ImportEntity>(
  {
    owner: { type: Schema.Types.ObjectId, required: true },
    sha256: { type: String, required: true },
    name: { type: String, required: true },
    bytes: { type: Number, required: true },
    source: { type: String, required: true },
    server: String,
    file: String,
    state: { type: String, required: true, enum: IMPORT_STATES },
    records: Number,
    stored: Number,
    stored_before: Number,
    duplicates: Number,
    skipped: Number,
    refused: Number,
    errors: Schema.Types.Mixed,
    operations: { type: [Schema.Types.ObjectId], default: undefined },
    created_at: { type: Date, required: true },
    begun_at: Date,
    ended_at: Date,
    updated_at: Date,
    holder: String,
    until: Date,
  },
  { collection: 'imports', versionKey: false, suppressReservedKeysWarning: true },
);

// a content is imported once
importSchema.index({ owner: 1, sha256: 1 }, { unique: true });
// an owner's imports, newest first
importSchema.index({ owner: 1, _id: -1 });
// what a server has still to do
importSchema.index({ state: 1, server: 1 });
