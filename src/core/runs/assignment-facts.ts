import { type AssignmentEntity } from '../assignments/index.js';
import { type Schedule } from '../../measurement/schedule/schedule.js';
import { spreadOffsetMs } from '../../measurement/schedule/spread.js';
import { type AssignmentFacts } from './fates.js';

/** What the fates of an assignment's runs depend on. */
export function factsOf(
  schedule: Schedule,
  {
    probe,
    state,
    delivered_at,
    delivered_over,
    ended_at,
  }: Pick<AssignmentEntity, 'probe' | 'state' | 'delivered_at' | 'delivered_over' | 'ended_at'>,
): AssignmentFacts {
  return {
    refused: state === 'refused',
    anyTime: schedule.type === 'once',
    deliveredAt: delivered_at?.getTime(),
    stoppedAt: state === 'stopped' ? ended_at?.getTime() : undefined,
    // a classic probe cannot be told of an offset
    offsetMs: delivered_over === 'classic' ? 0 : spreadOffsetMs(schedule, probe),
  };
}
