import { Schema } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';

export const RUN_SHEET_MODEL = 'RunSheet';

/** Runs on one sheet. A sheet of an assignment that has all its results is under 500 bytes. */
export const RUNS_PER_SHEET = 1024;
/** Runs in one word: a 32-bit integer, which JavaScript and MongoDB's `$bit` both know. */
export const RUNS_PER_WORD = 32;

/** One bit for each run, the lowest for the first: word number -> 32-bit integer. A word that is absent is 0. */
export type RunBits = Record<string, number>;

/**
 * Which of 1,024 consecutive runs of one assignment came, and which failed and why: the account of runs, so that nobody has
 * to count results. Sheet `n` holds the runs from n x 1,024 on (run-numbers.ts). Operations of a single run need none: the
 * counters of the assignment say it all.
 */
export interface RunSheetEntity {
  operation: ObjectId;
  probe: ObjectId;
  sheet: number;
  /** Results stored. More than bits in `came` where results could only be laid beside the last run before them (probes that name no runs). */
  stored: number;
  came?: RunBits;
  /** By the reason that the probe gave. */
  failed?: Record<string, RunBits>;
}

export const runSheetSchema = new Schema<RunSheetEntity>(
  {
    operation: { type: Schema.Types.ObjectId, required: true },
    probe: { type: Schema.Types.ObjectId, required: true },
    sheet: { type: Number, required: true },
    stored: { type: Number, required: true },
    came: Schema.Types.Mixed,
    failed: Schema.Types.Mixed,
  },
  { collection: 'runsheets', versionKey: false },
);

// the sheet on which a run is marked; all sheets of an operation
runSheetSchema.index({ operation: 1, probe: 1, sheet: 1 }, { unique: true });
