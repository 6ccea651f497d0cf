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
  /** how many of its probes cannot be told and go on */
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
    goingOn: live.filter(goesOn).length,
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
  return strikingLess(hold, goingOn);
}

/** What a hold becomes when some probes are taken away from a running operation. @param taken those of its assignments that were live */
export function reduced(
  hold: HoldEntity,
  operation: OperationEntity,
  taken: readonly AssignmentEntity[],
  at: Date,
): HoldEntity {
  const { user_results, target_probes } = hold.amounts;
  const { saved, goingOn } = stopped(operation, taken, at);
  if (user_results !== undefined) {
    const results = Math.max(0, user_results - saved);
    return { ...hold, amounts: results > 0 ? { user_results: results } : {} };
  }
  if (target_probes === undefined) return hold;
  return strikingLess(hold, Math.max(0, target_probes - (taken.length - goingOn)));
}

/** @param probes that go on */
function strikingLess(hold: HoldEntity, probes: number): HoldEntity {
  const { target_probes = 0, target_packets = 0 } = hold.amounts;
  const left = Math.min(target_probes, probes);
  if (left === 0) return { ...hold, amounts: {} };
  if (left === target_probes) return hold;
  return {
    ...hold,
    amounts: { target_probes: left, target_packets: Math.ceil((target_packets * left) / target_probes) },
  };
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}
