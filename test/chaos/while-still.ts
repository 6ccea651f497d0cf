import mongoose from 'mongoose';
import { type TestDatabase } from '../support/database.js';
import { type CountedRuns } from './audit/evidence.js';

/** What is read is read again so often at the most. */
const MOST_ROUNDS = 50;

/** What is counted, or paid, of all operations or of one: it moves with every run that is counted. */
export async function standingOf(
  database: Pick<TestDatabase, 'collection'>,
  operation?: string,
): Promise<CountedRuns> {
  const own = operation === undefined ? {} : { operation: new mongoose.mongo.ObjectId(operation) };
  const sums = { received: { $sum: '$received' }, failed: { $sum: '$failed' } };
  const [counted] = await database
    .collection('assignments')
    .aggregate<CountedRuns>([{ $match: own }, { $group: { _id: null, ...sums } }])
    .toArray();
  return { received: counted?.received ?? 0, failed: counted?.failed ?? 0 };
}

/**
 * Reads again until nothing was counted meanwhile, so that all that is read is of one moment.
 * @throws when something always was
 */
export async function whileStill<T>(
  standing: () => Promise<CountedRuns>,
  read: () => Promise<T>,
): Promise<{ counted: CountedRuns; read: T }> {
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const before = await standing();
    const what = await read();
    const after = await standing();
    if (before.received === after.received && before.failed === after.failed)
      return { counted: after, read: what };
  }
  throw new Error(`runs were counted in each of ${MOST_ROUNDS} rounds in which the account was read`);
}
