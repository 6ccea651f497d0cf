import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { ObjectId } from '../../platform/database/object-id.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { CHANGE_STATE_MODEL, type ChangeStateEntity } from './change-state.schema.js';
import { type StateKey } from './detection.js';

/** A document of states as it is stored. */
export interface StoredState {
  key: StateKey;
  state: string;
  quietFrom?: Date | undefined;
}

const ID_BYTES = 12;
const KEY_BYTES = 2 * ID_BYTES + 2;

@Injectable()
export class ChangeStatesRepository {
  constructor(@InjectModel(CHANGE_STATE_MODEL) private readonly model: Model<ChangeStateEntity>) {}

  async find(keys: readonly StateKey[], transaction: Transaction): Promise<StoredState[]> {
    if (keys.length === 0) return [];
    const found = await this.model.collection
      .find<ChangeStateEntity>(
        { _id: { $in: keys.map(packed) } as never },
        { session: transaction, batchSize: keys.length + 1 },
      )
      .toArray();
    return found.map(storedOf);
  }

  /** Puts them in the place of what there is. */
  async saveAll(states: readonly StoredState[], transaction: Transaction): Promise<void> {
    if (states.length === 0) return;
    const writes = states.map(({ key, state, quietFrom }) => ({
      replaceOne: {
        filter: { _id: packed(key) as never },
        replacement: { state, ...(quietFrom && { quiet_from: quietFrom }) },
        upsert: true,
      },
    }));
    await this.model.collection.bulkWrite(writes, { session: transaction, ordered: false });
  }

  /** Of probes that may be quiet, the longest first. */
  async findQuiet(until: Date, limit: number): Promise<StoredState[]> {
    const found = await this.model.collection
      .find<ChangeStateEntity>(
        { quiet_from: { $lte: until } },
        { sort: { quiet_from: 1 }, limit, batchSize: limit + 1 },
      )
      .toArray();
    return found.map(storedOf);
  }

  /** @param quietFrom undefined: never. @returns whether it was as it is given here, and now has another time */
  async setQuietFrom(
    { key, state, quietFrom: was }: StoredState,
    quietFrom: Date | undefined,
    transaction?: Transaction,
  ): Promise<boolean> {
    const { matchedCount } = await this.model.collection.updateOne(
      { _id: packed(key), state, ...(was && { quiet_from: was }) },
      quietFrom ? { $set: { quiet_from: quietFrom } } : { $unset: { quiet_from: 1 } },
      { ...(transaction && { session: transaction }) },
    );
    return matchedCount === 1;
  }

  /** @param operation of this one alone */
  async deleteAll(operation?: ObjectId): Promise<void> {
    const probes = [0x00, 0xff].map((byte) => new ObjectId(Buffer.alloc(ID_BYTES, byte)));
    const [first, last] = probes.map((probe, index) =>
      operation ? packed({ operation, probe, part: index * 0xffff }) : undefined,
    );
    const which = operation ? { _id: { $gte: first, $lte: last } } : {};
    await this.model.collection.deleteMany(which as never);
  }
}

function packed({ operation, probe, part }: StateKey): Buffer {
  const bytes = Buffer.alloc(KEY_BYTES);
  bytes.set(operation.id, 0);
  bytes.set(probe.id, ID_BYTES);
  bytes.writeUInt16BE(part, 2 * ID_BYTES);
  return bytes;
}

function storedOf({ _id, state, quiet_from }: ChangeStateEntity): StoredState {
  const bytes = Buffer.isBuffer(_id) ? _id : Buffer.from(_id.buffer);
  return {
    key: {
      operation: new ObjectId(bytes.subarray(0, ID_BYTES)),
      probe: new ObjectId(bytes.subarray(ID_BYTES, 2 * ID_BYTES)),
      part: bytes.readUInt16BE(2 * ID_BYTES),
    },
    state,
    quietFrom: quiet_from,
  };
}
