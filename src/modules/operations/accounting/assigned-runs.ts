import { type RunNumbers } from '../schedule/run-numbers.js';

/** The run that a result belongs to. */
export interface Place {
  /** its number; undefined where nothing has to be marked: the operation has a single run, or the result came before all runs */
  run: number | undefined;
  /** it names the time of a run of the schedule */
  isDue: boolean;
}

/** The runs that one probe owes for one operation. */
export class AssignedRuns {
  /** @param offsetMs how much later than the schedule says this probe does its runs, where it is a native one */
  constructor(
    private readonly numbers: RunNumbers,
    private readonly offsetMs: number,
  ) {}

  /**
   * @param scheduledAt the run that a native probe names; a classic one names none, and its result is laid beside the last
   *   run before it came
   */
  placeOf(scheduledAt: Date | undefined, receivedAt: Date): Place {
    const own = scheduledAt && this.numbers.numberOf(scheduledAt.getTime() - this.offsetMs);
    const isDue = scheduledAt === undefined || own !== undefined;
    if (this.numbers.count <= 1) return { run: undefined, isDue };
    const run =
      own ??
      this.numbers.lastUntil(scheduledAt ? scheduledAt.getTime() - this.offsetMs : receivedAt.getTime());
    return { run: run < 0 ? undefined : run, isDue };
  }
}
