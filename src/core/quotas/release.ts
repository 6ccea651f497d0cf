import {
  type AssignmentEntity,
  capabilitiesOf,
  type OperationEntity,
  runsDone,
} from '../assignments/index.js';
import { type HoldEntity } from './hold.schema.js';
import { dayAfter, resultsPerDay } from './operation-load.js';

/** How an operation ended before its time. */
export interface Ending {
  at: Date;
  /** results that it would have called for in a day and now does not */
  saved: number;
  /** the share of its probes that cannot be told and go on */
  goingOn: number;
}

/** All probes of a single run have answered. */
export function completed(at: Date): Ending {
  return { at, saved: 0, goingOn: 0 };
}

/** @param live its assignments that were not over when it was stopped */
export function stopped(operation: OperationEntity, live: readonly AssignmentEntity[], at: Date): Ending {
  const aDay = resultsPerDay(operation);
  const savedBy = (assignment: AssignmentEntity): number =>
    goesOn(assignment) ? 0 : Math.max(0, aDay - runsDone(operation, assignment, at));
  return {
    at,
    saved: live.reduce((sum, assignment) => sum + savedBy(assignment), 0),
    goingOn: live.filter(goesOn).length / operation.probe_count,
  };
}

/** A probe that has it and cannot be told that it is over. */
function goesOn(assignment: AssignmentEntity): boolean {
  return !capabilitiesOf(assignment).canBeStopped;
}

/** What a hold becomes by that; one without amounts is to be removed. */
export function released(hold: HoldEntity, { at, saved, goingOn }: Ending): HoldEntity {
  const { amounts } = hold;
  if (amounts.user_running !== undefined) return { ...hold, amounts: {} };
  if (amounts.user_results !== undefined) {
    const results = Math.max(0, amounts.user_results - saved);
    const until = goingOn > 0 ? hold.until : earlier(hold.until, dayAfter(at));
    return { ...hold, until, amounts: results > 0 ? { user_results: results } : {} };
  }
  if (amounts.target_probes === undefined) return hold;
  if (goingOn === 0) return { ...hold, amounts: {} };
  const { target_probes, target_packets = 0 } = amounts;
  return {
    ...hold,
    amounts: {
      target_probes: Math.round(target_probes * goingOn),
      target_packets: Math.ceil(target_packets * goingOn),
    },
  };
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}
