import { type mongo } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type ChangeRebuildEntity } from './change-rebuild.schema.js';

/** Of the results tail: docs/adr/0020. */
export const CHANGES_CONSUMER = 'changes';

/**
 * Has changes found anew by the servers: those of one operation, or all. It works beside running servers and without them, and waits for
 * nothing.
 * @param operation undefined: all
 */
export async function orderRebuild(
  client: mongo.MongoClient,
  db: mongo.Db,
  operation: ObjectId | undefined,
): Promise<void> {
  const positions = db.collection<{ _id: string }>('tail_positions');
  if (operation === undefined) {
    // who finds no position begins anew
    await positions.deleteOne({ _id: CHANGES_CONSUMER });
    return;
  }
  await client.withSession((session) =>
    session.withTransaction(
      async () => {
        // what the consumer is about to write without knowing of this is repeated
        await positions.updateOne({ _id: CHANGES_CONSUMER }, { $set: { touched: operation } }, { session });
        await db
          .collection<ChangeRebuildEntity>('change_rebuilds')
          .replaceOne({ _id: operation }, {}, { session, upsert: true });
      },
      { writeConcern: { w: 'majority', journal: true } },
    ),
  );
}
