import { type Connection, type mongo } from 'mongoose';
import { streamInParts } from '../../../platform/batching/in-parts.js';
import { ObjectId } from '../../../platform/database/object-id.js';
import { type CounterEntity } from '../../../platform/database/numbers/counter.schema.js';
import { type Sequence } from '../../../platform/database/numbers/numbers.service.js';
import { type Migration } from '../../../platform/database/migrations/migrations.service.js';
import { announced, entriesOf, type TailLogEntity, unpackIds } from '../../ingest/index.js';
import { OPERATION_NUMBERS } from '../../assignments/index.js';
import { METERS_COLLECTION } from '../../quotas/index.js';
import { countryOf, PROBE_NUMBERS } from '../../probes/index.js';
import { asCrontab } from './cron-as-crontab.js';

/**
 * In order of their ids. Each runs once a database; it must also be harmless when it runs a second time, because a
 * server may die between its last write and the note that it has run.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    // logging in looks for the normal form; accounts that somebody imported may have their e-mails as typed
    id: '2026-11-21T00-normalise-emails',
    async up(connection) {
      const users = connection.collection('users');
      for await (const user of users.find({}, { projection: { email: 1 } })) {
        const email: unknown = user['email'];
        if (typeof email !== 'string') continue;
        const normal = email.trim().toLowerCase();
        if (normal !== email) await users.updateOne({ _id: user._id }, { $set: { email: normal } });
      }
    },
  },
  {
    // cron expressions are read as crontab(5) from then on: what was sold goes on running at the same times
    id: '2026-11-29T00-cron-as-crontab',
    async up(connection) {
      const operations = connection.collection('operations');
      const cronOnes = operations.find({ 'schedule.type': 'cron' }, { projection: { schedule: 1 } });
      for await (const { _id, schedule } of cronOnes) {
        const { cron } = schedule as { cron: string };
        const same = asCrontab(cron);
        if (same !== cron) await operations.updateOne({ _id }, { $set: { 'schedule.cron': same } });
      }
    },
  },
  {
    // what a probe is given is bounded, so what it has must be known
    id: '2026-11-29T00-loads-of-probes',
    async up(connection) {
      const operations = connection.collection('operations');
      const assignments = connection.collection('assignments');
      const probes = connection.collection('probes');
      const live = { state: { $in: ['pending', 'delivered'] } };
      const running = operations.aggregate<{ _id: mongo.ObjectId; bytes: number }>([
        { $match: { ends_at: { $gt: new Date() } } },
        // of the names of members that are not its parameters, and of its schedule
        { $project: { bytes: { $add: [{ $bsonSize: '$params' }, 300] } } },
      ]);
      for await (const { _id, bytes } of running)
        await assignments.updateMany({ operation: _id, ...live }, { $set: { bytes } });
      const loads = assignments.aggregate<{ _id: mongo.ObjectId; operations: number; bytes: number }>([
        { $match: { ...live, bytes: { $exists: true } } },
        { $group: { _id: '$probe', operations: { $sum: 1 }, bytes: { $sum: '$bytes' } } },
      ]);
      for await (const { _id, ...load } of loads) await probes.updateOne({ _id }, { $set: { load } });
    },
  },
  {
    // it is asked of what a probe can, and no longer of a protocol
    id: '2026-11-29T01-not-before',
    async up(connection) {
      const assignments = connection.collection('assignments');
      const waiting = { state: 'pending', classic_from: { $exists: true } };
      await assignments.updateMany(waiting, { $rename: { classic_from: 'not_before' } });
    },
  },
  {
    // what was stored before there was a results tail stands at its beginning, in the order of ids
    id: '2026-11-29T13-results-tail',
    async up(connection) {
      const results = connection.collection('results');
      const log = connection.collection<TailLogEntity>('tail_log');
      const [last] = await log.find().sort({ _id: -1 }).limit(1).toArray();
      // one that was interrupted goes on
      const after = last && unpackIds(last.results).at(-1);
      const epoch = last?.epoch ?? new ObjectId().toHexString();
      let number = last?._id ?? 0;
      const rest = results.find(after ? { _id: { $gt: after } } : {}, {
        projection: { _id: 1 },
        sort: { _id: 1 },
      });
      for await (const page of streamInParts(rest, () => 1, { items: 10_000 })) {
        const ids = page.map(({ _id }) => _id);
        const entries = entriesOf(announced('', ids).results, number, { at: new Date(), epoch });
        await log.insertMany(entries);
        number += ids.length;
      }
    },
  },
  {
    // probes can be asked for by their country
    id: '2026-11-29T20-country-of-probes',
    async up(connection) {
      const probes = connection.collection('probes');
      for await (const { _id, location } of probes.find({}, { projection: { location: 1 } })) {
        const [longitude, latitude] = (location as { coordinates: [number, number] }).coordinates;
        const country = countryOf({ longitude, latitude });
        if (country !== undefined) await probes.updateOne({ _id }, { $set: { country } });
      }
    },
  },
  {
    // figures of all probes together are kept too from then on: rollups are made anew from what is stored
    id: '2026-11-30T00-rollups-of-all-probes',
    async up(connection) {
      await connection.collection('tail_positions').deleteOne({ _id: 'rollups' as never });
    },
  },
  {
    // operations and probes have whole numbers from then on, in order of creation
    id: '2026-11-30T02-numbers',
    async up(connection) {
      for (const sequence of [OPERATION_NUMBERS, PROBE_NUMBERS]) await giveNumbers(connection, sequence);
    },
  },
  {
    // accounts have a revision from then on, which If-Match names
    id: '2026-11-30T03-revisions-of-accounts',
    async up(connection) {
      await connection
        .collection('users')
        .updateMany({ revision: { $exists: false } }, [{ $set: { revision: 1, updated_at: '$created_at' } }]);
    },
  },
  {
    // holds stand beside the meters that they are in from then on
    id: '2026-11-30T19-holds-beside-meters',
    async up(connection) {
      const before = await connection.listCollections();
      if (!before.some(({ name }) => name === 'holds')) return;
      const holds = connection.collection('holds');
      // one that was interrupted may have moved some
      const moved = {
        into: METERS_COLLECTION,
        whenMatched: 'keepExisting',
        whenNotMatched: 'insert',
      } as const;
      await holds.aggregate([{ $merge: moved }]).toArray();
      await holds.drop();
    },
  },
  {
    // nothing reads results of a probe in all operations any more: its newest ones stand in `latest`
    id: '2026-11-30T20-results-without-index-of-probes',
    async up(connection) {
      await dropIndexes(connection, 'results', 'probe,received_at');
    },
  },
  {
    // the load of probes is in no index from then on: those that are nearly full have a mark, which is
    id: '2026-11-30T23-loads-without-index',
    async up(connection) {
      await dropIndexes(connection, 'probes', 'load.operations', 'load.bytes');
    },
  },
];

/** @param keys the members of each, with commas between them */
async function dropIndexes(connection: Connection, name: string, ...keys: string[]): Promise<void> {
  // of a new database they are made later
  if (!(await connection.listCollections()).some((collection) => collection.name === name)) return;
  const collection = connection.collection(name);
  for (const { key, name: index } of await collection.indexes())
    if (index !== undefined && keys.includes(Object.keys(key).join())) await collection.dropIndex(index);
}

/** One that was interrupted goes on behind the last number that it gave. */
async function giveNumbers(connection: Connection, { collection, first }: Sequence): Promise<void> {
  const documents = connection.collection<{ _id: mongo.ObjectId; number?: number }>(collection);
  const [last] = await documents
    .find({ number: { $exists: true } }, { projection: { number: 1 } })
    .sort({ number: -1 })
    .limit(1)
    .toArray();
  let next = last?.number === undefined ? first : Math.max(first, last.number + 1);
  const rest = documents.find({ number: { $exists: false } }, { projection: { _id: 1 } });
  for await (const page of streamInParts(rest.sort({ created_at: 1, _id: 1 }), () => 1, { items: 1_000 })) {
    const updates = page.map(({ _id }, index) => ({
      updateOne: { filter: { _id }, update: { $set: { number: next + index } } },
    }));
    await documents.bulkWrite(updates, { ordered: false });
    next += page.length;
  }
  if (next > first)
    await connection
      .collection<CounterEntity>('counters')
      .updateOne({ _id: collection }, { $max: { next } }, { upsert: true });
}
