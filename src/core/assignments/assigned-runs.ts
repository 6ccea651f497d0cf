import { type RunNumbers } from '../../measurement/schedule/run-numbers.js';

/**
 * What a report claims to be: a run of the schedule, which it names by the time at which it was due (milliseconds since the
 * epoch); some run, which it does not name; or, naming a time at which no run is due, none.
 */
export type Claim =
  | { type: 'named'; run: number; dueAt: number }
  | { type: 'unnamed' }
  | { type: 'off_schedule' };

/** Where a report belongs among the runs that a probe owes. */
export interface RunPosition {
  claim: Claim;
  /**
   * The run to be marked on a sheet: the named one, else the last one before the report came. Undefined where nothing is to be
   * marked: the operation has a single run, the report came before all runs, or belongs to none.
   */
  mark: number | undefined;
}

/** The runs that one probe owes for one operation. */
export class AssignedRuns {
  /** @param offsetMs how much later than the schedule says this probe does its runs, where it names them */
  constructor(
    private readonly numbers: RunNumbers,
    private readonly offsetMs: number,
  ) {}

  /** @param scheduledAt the run that the probe names, where it names them */
  positionOf(scheduledAt: Date | undefined, receivedAt: Date): RunPosition {
    const hasSheet = this.numbers.count > 1;
    if (scheduledAt === undefined) {
      const last = this.numbers.lastUntil(receivedAt.getTime());
      return { claim: { type: 'unnamed' }, mark: hasSheet && last >= 0 ? last : undefined };
    }
    const dueAt = scheduledAt.getTime();
    const run = this.numbers.numberOf(dueAt - this.offsetMs);
    if (run === undefined) return { claim: { type: 'off_schedule' }, mark: undefined };
    return { claim: { type: 'named', run, dueAt }, mark: hasSheet ? run : undefined };
  }
}
