import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model } from 'mongoose';
import { ObjectId } from '../../../platform/database/object-id.js';
import { type Digest } from '../../../measurement/formats/format.js';
import { FORMATS, RESULT_FORMATS, type ResultFormat } from '../../../measurement/kinds/result-formats.js';
import { RESULT_MODEL, type ResultEntity } from '../../ingest/index.js';
import { RENEWAL_MODEL, type RenewalEntity } from './renewal.schema.js';

export type StoredResult = Required<Pick<ResultEntity, '_id' | 'format'>> &
  Pick<ResultEntity, 'raw' | 'rtts' | 'destinations' | 'summary' | 'decode_error'>;

/** What a result's summary is now. */
export interface Renewed {
  _id: ObjectId;
  format: ResultFormat;
  digest: Digest;
}

/** Ids that are looked at in one step: what a kill costs. Few of them may be of results that need anything. */
const STEP_IDS = 200;
/** MongoDB sends this many, or 16 MiB, at a time. */
const BATCH = 16;

/** What earlier rules have summarised. */
const OF_EARLIER_RULES = {
  $or: RESULT_FORMATS.map((format) => ({ format, summary_rules: { $ne: FORMATS[format].rules } })),
  // a summary cannot be made of what is not kept: it stays as it is
  raw_deleted_at: { $exists: false },
};

/** The note of how far the renewal is, and the results that it is about. */
@Injectable()
export class RenewalRepository {
  constructor(
    @InjectModel(RENEWAL_MODEL) private readonly notes: Model<RenewalEntity>,
    @InjectModel(RESULT_MODEL) private readonly results: Model<ResultEntity>,
  ) {}

  /** The note of these rules; begun now if there is none. Without any result nothing is left to do. */
  async note(rules: string): Promise<RenewalEntity> {
    const known = await this.notes.findById(rules).lean<RenewalEntity>();
    if (known !== null) return known;
    const now = new Date();
    const isEmpty = (await this.results.findOne().select('_id').lean()) === null;
    const begun = { began_at: now, looked_at: 0, changed: 0, ...(isEmpty && { done_at: now }) };
    await this.notes.updateOne({ _id: rules }, { $setOnInsert: begun }, { upsert: true });
    return { _id: rules, ...begun };
  }

  /** @returns the last id of the next step; undefined if there is none before `before` */
  async stepEnd(after: ObjectId | undefined, before: ObjectId): Promise<ObjectId | undefined> {
    const ids = await this.results
      .find({ _id: { $lt: before, ...(after && { $gt: after }) } })
      .select('_id')
      .sort({ _id: 1 })
      .limit(STEP_IDS)
      .lean<{ _id: ObjectId }[]>();
    return ids.at(-1)?._id;
  }

  /** Results of a step that earlier rules have summarised, a few in memory at a time. */
  async *ofEarlierRules(after: ObjectId | undefined, last: ObjectId): AsyncGenerator<StoredResult, void> {
    const projection = { format: 1, raw: 1, rtts: 1, destinations: 1, summary: 1, decode_error: 1 };
    const inStep = { _id: { $lte: last, ...(after && { $gt: after }) } };
    const cursor = this.results.collection
      .find<StoredResult>(
        { ...inStep, ...OF_EARLIER_RULES },
        { projection, sort: { _id: 1 }, batchSize: BATCH },
      )
      .hint({ _id: 1 });
    yield* cursor;
  }

  async renew(renewed: readonly Renewed[]): Promise<void> {
    if (renewed.length === 0) return;
    const updates = renewed.map(({ _id, format, digest: { summary, rtts, error } }) => {
      const present = { summary, summary_rules: FORMATS[format].rules, ...(rtts && { rtts }) };
      const update =
        error === undefined
          ? { $set: present, $unset: { decode_error: 1 as const } }
          : { $set: { ...present, decode_error: error } };
      return { updateOne: { filter: { _id }, update } };
    });
    await this.results.collection.bulkWrite(updates, { ordered: false });
  }

  /** Notes a step that is done; one that another server has done meanwhile changes nothing. */
  async advance(rules: string, after: ObjectId, lookedAt: number, changed: number): Promise<void> {
    await this.notes.updateOne(
      { _id: rules, $or: [{ after: { $exists: false } }, { after: { $lt: after } }] },
      { $set: { after }, $inc: { looked_at: lookedAt, changed } },
    );
  }

  async caughtUp(rules: string, at: Date): Promise<void> {
    await this.notes.updateOne(
      { _id: rules, caught_up_at: { $exists: false } },
      { $set: { caught_up_at: at } },
    );
  }

  async done(rules: string, at: Date): Promise<void> {
    await this.notes.updateOne({ _id: rules }, { $set: { done_at: at } });
  }
}

/** @returns the least id that a server gives at this time */
export function idOf(at: Date): ObjectId {
  return ObjectId.createFromTime(Math.floor(at.getTime() / 1000));
}
