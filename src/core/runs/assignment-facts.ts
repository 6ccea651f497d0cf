import { type AssignmentEntity, capabilitiesOf } from '../assignments/index.js';
import { type Schedule } from '../../measurement/schedule/schedule.js';
import { spreadOffsetMs } from '../../measurement/schedule/spread.js';
import { type AssignmentFacts } from './fates.js';

/** What the fates of an assignment's runs depend on. */
export function factsOf(
  schedule: Schedule,
  assignment: Pick<
    AssignmentEntity,
    'probe' | 'state' | 'first_run' | 'delivered_at' | 'delivered_over' | 'delivered_with' | 'ended_at'
  >,
): AssignmentFacts {
  const { probe, state, first_run, delivered_at, ended_at } = assignment;
  const { canBeOffset, schedulesItself } = capabilitiesOf(assignment);
  return {
    refused: state === 'refused',
    anyTime: schedule.type === 'once',
    firstRun: first_run ?? 0,
    deliveredAt: delivered_at?.getTime(),
    stoppedAt: state === 'stopped' ? ended_at?.getTime() : undefined,
    offsetMs: canBeOffset ? spreadOffsetMs(schedule, probe) : 0,
    ...(!schedulesItself && { serverKept: true }),
  };
}
