import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { GroupCommit } from '../../platform/batching/group-commit.js';
import { ObjectId } from '../../platform/database/object-id.js';
import { type Transaction } from '../../platform/database/transactions.service.js';
import { TAIL_POSITION_MODEL, type TailPositionEntity } from './tail-log.schema.js';

/** Consumers that ask in this time ask together. */
const TOGETHER_MS = 20;

@Injectable()
export class TailPositionsRepository {
  private readonly claims = new GroupCommit<string, string | undefined>(
    async (names) => {
      const found = new Map((await this.findAll(names)).map(({ _id, claim }) => [_id, claim]));
      return names.map((name) => found.get(name));
    },
    { most: 100, lingerMs: TOGETHER_MS },
  );

  constructor(@InjectModel(TAIL_POSITION_MODEL) private readonly model: Model<TailPositionEntity>) {}

  /** From now on only who names this claim moves the position. @returns where it stands; undefined: there is none */
  async claim(name: string, claim: string, transaction: Transaction): Promise<number | undefined> {
    const claimed = await this.model
      .findOneAndUpdate({ _id: name }, { $set: { claim } }, { session: transaction })
      .lean<TailPositionEntity>();
    return claimed?.at;
  }

  /** Those who ask together ask the database once. */
  async isClaimed(name: string, claim: string): Promise<boolean> {
    return (await this.claims.add(name)) === claim;
  }

  /** Nobody moves it until the transaction ends. @returns where it stands; undefined: there is none */
  async touch(name: string, transaction: Transaction): Promise<number | undefined> {
    const touched = await this.model
      .findOneAndUpdate({ _id: name }, { $set: { touched: new ObjectId() } }, { session: transaction })
      .lean<TailPositionEntity>();
    return touched?.at;
  }

  /** Puts it somewhere, whoever has it. */
  async place(position: TailPositionEntity, transaction: Transaction): Promise<void> {
    await this.model.replaceOne({ _id: position._id }, position, { session: transaction, upsert: true });
  }

  /** @returns whether it was moved: not when another reader has claimed it, or it is gone */
  async move(name: string, claim: string, to: number, now: Date, transaction: Transaction): Promise<boolean> {
    const { matchedCount } = await this.model.updateOne(
      { _id: name, claim },
      { $set: { at: to, moved_at: now } },
      { session: transaction },
    );
    return matchedCount === 1;
  }

  async findAll(names: readonly string[]): Promise<TailPositionEntity[]> {
    return this.model.find({ _id: { $in: [...names] } }).lean<TailPositionEntity[]>();
  }
}
