import mongoose from 'mongoose';

// The errors of mongoose's own driver: another package may bring another copy, whose classes these are no instances of.
const {
  MongoNetworkError,
  MongoNotConnectedError,
  MongoOperationTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
} = mongoose.mongo;

const DUPLICATE_KEY = 11_000;
const MAX_TIME_MS_EXPIRED = 50;

/** A unique index said no: somebody else was first. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY;
}

/** It took longer than it may (maxTimeMS). */
export function isTimeLimit(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === MAX_TIME_MS_EXPIRED;
}

/** Nothing is wrong with what was asked; there is nobody to ask. */
export function isDatabaseAway(error: unknown): boolean {
  return (
    error instanceof MongoNetworkError ||
    error instanceof MongoServerSelectionError ||
    error instanceof MongoNotConnectedError ||
    error instanceof MongoOperationTimeoutError ||
    (error instanceof Error && error.name === 'MongooseServerSelectionError')
  );
}
