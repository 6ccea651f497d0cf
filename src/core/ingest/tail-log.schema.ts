import { type mongo, Schema } from 'mongoose';
import { ObjectId } from '../../platform/database/object-id.js';
import { rawBytes } from './result.schema.js';

export const TAIL_OUTBOX_MODEL = 'TailOutbox';
export const TAIL_LOG_MODEL = 'TailLog';
export const TAIL_POSITION_MODEL = 'TailPosition';

export const ID_BYTES = 12;

/** Ids of results, one after the other: they are moved more often than they are read. */
type PackedIds = Buffer | mongo.Binary;

/** What one transaction has made durable and what the log does not have yet: written by that transaction. */
export interface TailOutboxEntity {
  /** the reference of the batch */
  _id: string;
  results: PackedIds;
}

/** The same, as it is made. */
export interface Announced extends TailOutboxEntity {
  results: Buffer;
}

/** A stretch of the order of all results. */
export interface TailLogEntity {
  /** the number of its last result; the first result of the platform has 1 */
  _id: number;
  /** the number of its first result */
  first: number;
  results: PackedIds;
  /** when it was appended, by the platform's clock */
  at: Date;
  /** another one where the log began anew (an emptied database, a restored backup) */
  epoch: string;
}

/** How far a consumer has got. */
export interface TailPositionEntity {
  /** the consumer */
  _id: string;
  /** the number of the last result that it has done */
  at: number;
  /** who moves it now: a claim, and whoever had one before moves it no more */
  claim: string;
  moved_at: Date;
  /** changes when somebody keeps it where it is */
  touched?: ObjectId;
}

export const tailOutboxSchema = new Schema<TailOutboxEntity>(
  { _id: { type: String, required: true }, results: Buffer },
  { collection: 'tail_outbox', versionKey: false },
);

export const tailLogSchema = new Schema<TailLogEntity>(
  {
    _id: { type: Number, required: true },
    first: { type: Number, required: true },
    results: Buffer,
    at: { type: Date, required: true },
    epoch: { type: String, required: true },
  },
  { collection: 'tail_log', versionKey: false },
);

// two servers that append at once run into each other: one of them does it again, after the other
tailLogSchema.index({ first: 1 }, { unique: true });

export const tailPositionSchema = new Schema<TailPositionEntity>(
  {
    _id: { type: String, required: true },
    at: { type: Number, required: true },
    claim: { type: String, required: true },
    moved_at: { type: Date, required: true },
    touched: Schema.Types.ObjectId,
  },
  { collection: 'tail_positions', versionKey: false },
);

/** @param reference of the transaction that stores them */
export function announced(reference: string, results: readonly ObjectId[]): Announced {
  return { _id: reference, results: packIds(results) };
}

export function packIds(ids: readonly ObjectId[]): Buffer {
  return Buffer.concat(ids.map(({ id }) => id));
}

export function unpackIds(packed: PackedIds): ObjectId[] {
  const bytes = rawBytes(packed);
  const ids: ObjectId[] = [];
  for (let at = 0; at < bytes.length; at += ID_BYTES)
    ids.push(new ObjectId(bytes.subarray(at, at + ID_BYTES)));
  return ids;
}

/** How a position is written: the number of a result, and the epoch of the log there; before the first result there was none. */
export const POSITION = /^(\d{1,15})-([0-9a-f]{24})?$/;

/** @param at the number of a result that was handed out. @param epoch of the log there */
export function wordPosition(at: number, epoch: string): string {
  return `${at}-${epoch}`;
}
