import mongoose, { type Connection, type Model } from 'mongoose';
import { type Transaction } from './transactions.service.js';

/** One write of many: as the command `update` has it. */
export interface Update {
  /** which document */
  q: object;
  /** what becomes of it: operators, or a pipeline */
  u: object | readonly object[];
  upsert?: boolean;
  /** the index to find it by */
  hint?: object;
}

/**
 * Writes some documents by one command of the database, in no order. The driver's `bulkWrite` measures each of them first, to cut them into
 * several commands: this is for the writes of each batch of results and of each creation, which are small.
 * @param updates 16 MB together at the most
 * @returns how many documents were found or made, and which of the updates made one, by their index
 * @throws MongoServerError of the first that cannot be written: a duplicate key, above all
 */
export async function updateTogether<Entity>(
  { db: connection, collection }: Model<Entity>,
  updates: readonly Update[],
  transaction: Transaction,
): Promise<{ count: number; made: ReadonlySet<number> }> {
  if (updates.length === 0) return { count: 0, made: new Set() };
  const command = { update: collection.collectionName, updates, ordered: false };
  const options = { session: transaction, ignoreUndefined: true };
  const answer = await databaseOf(connection).command(command, options);
  throwFirst(answer);
  const upserted = (answer['upserted'] ?? []) as { index: number }[];
  return { count: Number(answer['n']), made: new Set(upserted.map(({ index }) => index)) };
}

/** The same for new documents, in order. */
export async function insertTogether<Entity>(
  { db: connection, collection }: Model<Entity>,
  documents: readonly Entity[],
  transaction: Transaction,
): Promise<void> {
  if (documents.length === 0) return;
  const command = { insert: collection.collectionName, documents, ordered: true };
  const options = { session: transaction, ignoreUndefined: true };
  throwFirst(await databaseOf(connection).command(command, options));
}

/** The one that mongoose keeps: to make another for each command would copy all options of the client. */
function databaseOf({ db }: Connection): mongoose.mongo.Db {
  if (db === undefined) throw new Error('The database is not connected');
  return db;
}

function throwFirst(answer: mongoose.mongo.Document): void {
  const [error] = (answer['writeErrors'] ?? []) as mongoose.mongo.ErrorDescription[];
  if (error !== undefined) throw new mongoose.mongo.MongoServerError(error);
}
