import { Schema } from 'mongoose';
import { type ObjectId } from '../../platform/database/object-id.js';

export const ASSIGNMENT_MODEL = 'Assignment';

/**
 * pending: the probe does not have it yet; delivered: it has; refused: it said no; stopped: the user ended it; done: its
 * time is over or all its runs came; expired: its time was over before the probe could get it. The last four are final.
 * docs/protocol.md has the table of changes.
 */
export const ASSIGNMENT_STATES = ['pending', 'delivered', 'refused', 'stopped', 'done', 'expired'] as const;
export type AssignmentState = (typeof ASSIGNMENT_STATES)[number];

/** States in which a probe has still to do something. */
export const LIVE: AssignmentState[] = ['pending', 'delivered'];

/** Runs that were asked of a probe before it was taken away from a running operation, to which it was added again. */
export interface EarlierStretch {
  /** the number of the first of them */
  first_run: number;
  /** how many were not paid back */
  runs: number;
  added_at: Date;
  removed_at: Date;
  /** absent: the probe never got it */
  delivered_at?: Date;
  delivered_over?: string;
  delivered_with?: number;
}

/** What one probe has to do for one operation: the unit of delivery and accounting. */
export interface AssignmentEntity {
  _id: ObjectId;
  operation: ObjectId;
  probe: ObjectId;
  /** the probe's owner: earns the results */
  probe_owner: ObjectId;
  state: AssignmentState;
  reason?: string;
  /** runs that the schedule calls for, from `first_run` on, and those of earlier stretches */
  due: number;
  /** the number of the first run that is asked of it: it was added to a running operation; absent: 0 */
  first_run?: number;
  /** it was taken away and added again: what was asked of it before, in order; absent: nothing */
  earlier?: EarlierStretch[];
  /** runs, those of earlier stretches included, that a stop or a refusal did not pay back; absent: none was */
  owed?: number;
  /** runs that were asked for and of which a result is stored */
  received: number;
  /** runs that were asked for and that the probe reported as failed */
  failed: number;
  /** the same of runs that are not due yet, or were paid back (docs/protocol.md, "What counts") */
  uncounted_received?: number;
  uncounted_failed?: number;
  /** reports that belong to no run, and the bytes that they take */
  extra?: number;
  extra_bytes?: number;
  /** the highest number of a run that counts */
  last_run?: number;
  /** the last reason of a failed run */
  failure?: string;
  /** of the operation as the probe is told it */
  bytes?: number;
  created_at: Date;
  ends_at: Date;
  /** its schedule begins later: a probe that begins with what it gets is not given it before */
  not_before?: Date;
  /** of a private operation: only its owner may see what becomes of it */
  private?: boolean;
  delivered_at?: Date;
  /** the label of the protocol, for people; in what earlier versions stored also what says what the probe can */
  delivered_over?: string;
  /** what the server may rely on with the probe that has it (`capabilitiesOf` reads it) */
  delivered_with?: number;
  /** of the one attempt to deliver to a probe that must never get a job twice; claimed before it is sent */
  delivery?: string;
  /** absent: not yet, or it stands with many others (AcknowledgementsRepository) */
  acknowledged_at?: Date;
  ended_at?: Date;
  last_result_at?: Date;
}

export const assignmentSchema = new Schema<AssignmentEntity>(
  {
    operation: { type: Schema.Types.ObjectId, required: true },
    probe: { type: Schema.Types.ObjectId, required: true },
    probe_owner: { type: Schema.Types.ObjectId, required: true },
    state: { type: String, required: true, enum: ASSIGNMENT_STATES },
    reason: String,
    due: { type: Number, required: true },
    first_run: Number,
    earlier: { type: [Schema.Types.Mixed], default: undefined },
    owed: Number,
    received: { type: Number, required: true },
    failed: { type: Number, required: true },
    uncounted_received: Number,
    uncounted_failed: Number,
    extra: Number,
    extra_bytes: Number,
    last_run: Number,
    failure: String,
    bytes: Number,
    created_at: { type: Date, required: true },
    ends_at: { type: Date, required: true },
    not_before: Date,
    private: Boolean,
    delivered_at: Date,
    delivered_over: String,
    delivered_with: Number,
    delivery: String,
    acknowledged_at: Date,
    ended_at: Date,
    last_result_at: Date,
  },
  { collection: 'assignments', versionKey: false },
);

// is this probe assigned to this operation?
assignmentSchema.index({ operation: 1, probe: 1 }, { unique: true });
// has any probe still to do something for this operation?
assignmentSchema.index({ operation: 1, state: 1 });
// what a probe that connects has to do
assignmentSchema.index({ probe: 1, state: 1 });
// what a probe had to do lately
assignmentSchema.index({ probe: 1, ends_at: 1 });
// whose time is over; what is still to be delivered
assignmentSchema.index({ state: 1, ends_at: 1 });
