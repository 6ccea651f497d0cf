import { type AssignmentEntity } from './assignment.schema.js';
import { capabilitiesOf } from './delivered-capabilities.js';
import { type Leaving } from './assignments.repository.js';
import { type OperationEntity } from './operation.schema.js';
import { type Schedule } from '../../measurement/schedule/schedule.js';
import { earlierRuns } from './stretches.js';
import { firstRun, runsOf } from '../../measurement/schedule/run-numbers.js';
import { spreadOffsetMs } from '../../measurement/schedule/spread.js';

/** What a stop leaves of the runs of each probe, those together that are left the same. */
export function leavingsOf(
  operation: OperationEntity,
  live: readonly AssignmentEntity[],
  now: Date,
): Leaving[] {
  const groups = new Map<number | undefined, Leaving>();
  for (const assignment of live) {
    const goesOn = !capabilitiesOf(assignment).canBeStopped;
    const owed = goesOn ? undefined : runsOwed(operation, assignment, now);
    const group = groups.get(owed) ?? { probes: [], owed };
    group.probes.push(assignment.probe);
    groups.set(owed, group);
  }
  return [...groups.values()];
}

/** @returns how many runs were due before `now`; a cron minute that has begun counts whole */
export function runsBegun(schedule: Schedule, now: Date): number {
  if (firstRun(schedule) >= now) return 0;
  if (schedule.type === 'once' || schedule.stop <= now) return runsOf(schedule);
  return runsOf({ ...schedule, stop: now });
}

/**
 * The price of what a stop saves; docs/protocol.md states the rule.
 * A probe that never got the job did nothing; one that has it did what was due so far; one that has it and cannot be
 * told goes on to the end.
 */
export function unusedCredits(operation: OperationEntity, assignment: AssignmentEntity, now: Date): number {
  // one that cost nothing (CREDITS=off) pays nothing back
  if (operation.credits === 0 || !capabilitiesOf(assignment).canBeStopped) return 0;
  return (assignment.due - runsOwed(operation, assignment, now)) * operation.cost_per_run;
}

/**
 * @param isUntold the probe never got the job
 * @returns the runs that a refusal does not pay back: as with a stop; of a probe that never got the job those that count
 */
export function runsLeftByRefusal(
  operation: OperationEntity,
  assignment: AssignmentEntity,
  isUntold: boolean,
  now: Date,
): number {
  const known = isUntold ? { ...assignment, state: 'pending' as const } : assignment;
  return runsOwed(operation, known, now);
}

/** @returns the runs that a stop does not pay back, those of earlier stretches included */
function runsOwed(operation: OperationEntity, assignment: AssignmentEntity, now: Date): number {
  return Math.min(assignment.due, earlierRuns(assignment) + runsDone(operation, assignment, now));
}

/**
 * @returns the runs that a stop does not pay back, of those that were asked of the probe since it was added last: those that it has
 *   answered for, or that fell due while it had the job; no less than it has begun, and beyond the last one that counts
 */
export function runsDone(operation: OperationEntity, assignment: AssignmentEntity, now: Date): number {
  const { probe, state, received, failed, last_run = -1, first_run = 0 } = assignment;
  const begun = state === 'pending' ? 0 : runsBegunBy(operation.schedule, probe, now);
  return Math.max(
    0,
    begun - first_run,
    received + failed - earlierRuns(assignment),
    last_run + 1 - first_run,
  );
}

/** @returns how many runs were due at this probe before `now` */
export function runsBegunBy(schedule: Schedule, probe: AssignmentEntity['probe'], now: Date): number {
  return runsBegun(schedule, new Date(now.getTime() - spreadOffsetMs(schedule, probe)));
}
