import { type mongo } from 'mongoose';
import { ObjectId } from '../../../platform/database/object-id.js';
import { type RestoreEntity, RESTORES_COLLECTION } from '../../runs/index.js';
import { type BackedUpDocument, type CollectionToBackUp } from './backup-file.js';

/** They say which processes run now, what they are at, and what this database calls itself: nothing that another should know. */
const NOT_KEPT = ['servers', 'leases', 'platform', 'begunruns', 'runparts', 'allowances'];
/** An empty platform has these already. */
const OF_EVERY_PLATFORM = [
  ...NOT_KEPT,
  'counters',
  'migrations',
  'renewals',
  'restores',
  'rollup_generations',
  'tail_positions',
];
const BATCH_DOCUMENTS = 500;
const BATCH_BYTES = 8 * 1024 * 1024;

/**
 * Every collection of the platform as it was at one moment: a snapshot of MongoDB, so a running server may go on writing.
 * MongoDB keeps a snapshot for 5 minutes, unless minSnapshotHistoryWindowInSeconds says more.
 */
export async function* platformCollections(
  client: mongo.MongoClient,
  db: mongo.Db,
): AsyncGenerator<CollectionToBackUp> {
  const session = client.startSession({ snapshot: true });
  try {
    for (const info of await db.listCollections({}, { nameOnly: false }).toArray()) {
      const { name } = info;
      if (NOT_KEPT.includes(name) || name.startsWith('system.') || info.type !== 'collection') continue;
      const collection = db.collection(name);
      yield {
        name,
        metadata: await metadataOf(collection, info),
        bytes: await bytesIn(collection, session),
        documents: rawDocuments(collection, session),
      };
    }
  } finally {
    await session.endSession();
  }
}

/** What mongodump writes beside a collection, so that mongorestore makes the same indexes. */
async function metadataOf(
  collection: mongo.Collection,
  { options, info }: mongo.CollectionInfo,
): Promise<object> {
  const indexes = await collection.listIndexes().toArray();
  const uuid = info?.uuid?.buffer;
  return {
    options: options ?? {},
    indexes,
    ...(uuid && { uuid: Buffer.from(uuid).toString('hex') }),
    collectionName: collection.collectionName,
    type: 'collection',
  };
}

/** By the same snapshot as what is read afterwards, so the two agree to the byte. */
async function bytesIn(collection: mongo.Collection, session: mongo.ClientSession): Promise<number> {
  const sum = { $group: { _id: null, bytes: { $sum: { $bsonSize: '$$ROOT' } } } };
  const [found] = await collection.aggregate<{ bytes: number }>([sum], { session }).toArray();
  return found?.bytes ?? 0;
}

async function* rawDocuments(
  collection: mongo.Collection,
  session: mongo.ClientSession,
): AsyncGenerator<Uint8Array> {
  for await (const bytes of collection.find({}, { session, raw: true, batchSize: 1000 }))
    yield bytes as unknown as Uint8Array;
}

/** @returns the names of collections that hold something which a restore would mix with what it brings */
export async function occupiedCollections(db: mongo.Db): Promise<string[]> {
  const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
  const occupied: string[] = [];
  for (const name of names.filter((each) => !OF_EVERY_PLATFORM.includes(each))) {
    if ((await db.collection(name).findOne({}, { projection: { _id: 1 } })) !== null) occupied.push(name);
  }
  return occupied.sort();
}

/** @returns the time by the database's clock, which all servers of a platform go by (docs/adr/0009) */
export async function databaseTime(db: mongo.Db): Promise<Date> {
  const { localTime } = await db.admin().command({ hello: 1 });
  if (!(localTime instanceof Date)) throw new Error('the database does not say what time it is');
  return localTime;
}

/** @returns servers whose lease stands: they would not see that the database under them is another one */
export async function serversAlive(db: mongo.Db): Promise<number> {
  return db.collection('servers').countDocuments({ $expr: { $gt: ['$lease_until', '$$NOW'] } });
}

/**
 * Puts the documents of a backup in the place of what is there. Migrations are those of the backup: the next start runs
 * what it did not have.
 * @returns how many documents
 */
export async function restoreDocuments(
  db: mongo.Db,
  documents: AsyncIterable<BackedUpDocument>,
): Promise<number> {
  for (const { name } of await db.listCollections({}, { nameOnly: true }).toArray()) {
    if (!name.startsWith('system.')) await db.collection(name).deleteMany({});
  }
  const batch = new Map<string, mongo.Document[]>();
  let [count, waiting, bytes] = [0, 0, 0];
  const flush = async () => {
    for (const [name, rows] of batch) await db.collection(name).insertMany(rows, { ordered: false });
    batch.clear();
    [waiting, bytes] = [0, 0];
  };
  for await (const { collection, document } of documents) {
    const rows = batch.get(collection) ?? [];
    rows.push(document);
    batch.set(collection, rows);
    [count, waiting, bytes] = [count + 1, waiting + 1, bytes + sizeOf(document)];
    if (waiting === BATCH_DOCUMENTS || bytes > BATCH_BYTES) await flush();
  }
  await flush();
  return count;
}

/** Nobody is connected to a platform that was just restored; and what came after the backup is lost here. */
export async function settleRestored(db: mongo.Db, { backup_at, restored_at }: RestoreEntity): Promise<void> {
  await db.collection('probes').updateMany({}, { $unset: { connection: 1, status: 1 } });
  await db
    .collection('sessions')
    .updateMany({ to: { $exists: false } }, { $set: { to: backup_at, reason: 'restored from a backup' } });
  await db.collection(RESTORES_COLLECTION).insertOne({ backup_at, restored_at });
  // positions that were handed out after the backup are of results that are lost, and will be of others
  const epoch = new ObjectId().toHexString();
  await db.collection('tail_log').findOneAndUpdate({}, { $set: { epoch } }, { sort: { _id: -1 } });
}

/** Only content is large. */
function sizeOf(document: mongo.Document): number {
  const raw: unknown = document['raw'];
  return 200 + (raw !== null && typeof raw === 'object' && 'position' in raw ? Number(raw.position) : 0);
}
