import { type mongo, Schema } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';

export const ROLLUP_MODEL = 'Rollup';
export const GENERATION_MODEL = 'RollupGeneration';

/** Cells (cell.ts) of one day and one destination of an operation, by UTC: of one probe, and of all of them together. */
export interface RollupEntity {
  /** its generation, and a hash of all that tells it from others */
  _id: string;
  operation: ObjectId;
  generation: number;
  /** null: all of them */
  probe: ObjectId | null;
  day: Date;
  /** as it was asked for; null: the results do not tell */
  destination: string | null;
  /** a packed cell for each hour in which something came: `h0` to `h23` */
  hours: Record<string, Buffer | mongo.Binary>;
  /** one of all of them */
  total: Buffer | mongo.Binary;
}

/** Which rollups hold: those of the generation of their operation, or of all operations, whichever is younger. */
export interface GenerationEntity {
  /** an operation; `all`; or `next`, the last number that was given */
  _id: string;
  generation: number;
}

export const rollupSchema = new Schema<RollupEntity>(
  {
    _id: { type: String, required: true },
    operation: { type: Schema.Types.ObjectId, required: true },
    generation: { type: Number, required: true },
    probe: { type: Schema.Types.ObjectId, default: null },
    day: { type: Date, required: true },
    destination: { type: String, default: null },
    hours: Schema.Types.Mixed,
    total: Buffer,
  },
  { collection: 'rollups', versionKey: false },
);

// the days of some probes of an operation; what of it is of an older generation, or of an earlier day
rollupSchema.index({ operation: 1, generation: 1, probe: 1, day: 1 });
// which operations measured a destination
rollupSchema.index({ destination: 1, operation: 1 });

export const generationSchema = new Schema<GenerationEntity>(
  { _id: { type: String, required: true }, generation: { type: Number, required: true } },
  { collection: 'rollup_generations', versionKey: false },
);
