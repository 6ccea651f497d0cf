import { type AssignmentEntity, capabilitiesOf } from '../assignments/index.js';
import { type Schedule } from '../../measurement/schedule/schedule.js';
import { spreadOffsetMs } from '../../measurement/schedule/spread.js';
import { type AssignmentFacts } from './fates.js';

/** Of each stretch in which runs were asked of a probe, in order: one at least. */
export type StretchFacts = [AssignmentFacts, ...AssignmentFacts[]];

/** What they are made of. */
type FactsSource = Pick<
  AssignmentEntity,
  | 'probe'
  | 'state'
  | 'first_run'
  | 'earlier'
  | 'delivered_at'
  | 'delivered_over'
  | 'delivered_with'
  | 'ended_at'
>;

/**
 * What the fates of an assignment's runs depend on.
 * @returns for each stretch in which runs were asked of the probe, in order; mostly there is one
 */
export function factsOf(schedule: Schedule, assignment: FactsSource): StretchFacts {
  const { probe, state, first_run = 0, earlier, ended_at } = assignment;
  const last = stretchFacts(schedule, probe, assignment, first_run);
  last.refused = state === 'refused';
  last.stoppedAt = state === 'stopped' ? ended_at?.getTime() : undefined;
  if (earlier === undefined) return [last];
  const [first, ...others] = earlier.map((stretch, index) => ({
    ...stretchFacts(schedule, probe, stretch, stretch.first_run),
    stoppedAt: stretch.removed_at.getTime(),
    // what was due until the probe was added again belongs to the stop
    endRun: earlier[index + 1]?.first_run ?? first_run,
  }));
  return first === undefined ? [last] : [first, ...others, last];
}

function stretchFacts(
  schedule: Schedule,
  probe: AssignmentEntity['probe'],
  delivery: Pick<AssignmentEntity, 'delivered_at' | 'delivered_over' | 'delivered_with'>,
  firstRun: number,
): AssignmentFacts {
  const { canBeOffset, schedulesItself } = capabilitiesOf(delivery);
  return {
    refused: false,
    firstRun,
    anyTime: schedule.type === 'once',
    deliveredAt: delivery.delivered_at?.getTime(),
    stoppedAt: undefined,
    offsetMs: canBeOffset ? spreadOffsetMs(schedule, probe) : 0,
    serverKept: !schedulesItself,
  };
}
