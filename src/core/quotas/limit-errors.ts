import { DomainError, LimitReachedError, type Violation } from '../../platform/errors/domain.error.js';
import { type OperationEntity } from '../assignments/index.js';
import { type MeteredBound } from './hold.schema.js';
import { targetOfMeter } from './operation-load.js';

/** One quota of one meter, and what a request would do to it; in the units of the meter. */
export interface Load {
  bound: MeteredBound;
  meter: string;
  limit: number;
  /** without the request */
  used: number;
  asked: number;
}

/** Packets are metered in thousandths. */
const UNITS: Record<MeteredBound, number> = {
  user_operations: 1,
  user_running: 1,
  user_results: 1,
  target_probes: 1,
  target_packets: 1_000,
};

/** @returns an amount of a meter as users see it */
export function shown(bound: MeteredBound, amount: number): number {
  return amount / UNITS[bound];
}

/** @returns an amount that users see as the meter has it */
export function metered(bound: MeteredBound, amount: number): number {
  return amount * UNITS[bound];
}

const SENTENCES: Record<MeteredBound, (load: Load, target: string) => string> = {
  user_operations: ({ limit }) => `You may create ${limit} operations in 24 hours`,
  user_running: ({ limit }) => `You may have ${limit} operations running at a time`,
  user_results: ({ limit, used, asked }) =>
    `Your operations may call for ${limit} results in 24 hours; they do for ${used}, and this one would for ${asked} more`,
  target_probes: ({ limit, used, asked }, target) =>
    `${limit} probes may strike ${target} at a time, for all users together; ${used} do, and this would add ${asked}`,
  target_packets: ({ limit, used, asked }, target) =>
    `${target} may be struck by ${limit} packets a second, of all users together; it is by ${used}, and this would add ${asked}`,
};

/** A 429: the request may pass later. */
export function reachedError(load: Load, at: Date | undefined, now: Date): LimitReachedError {
  const { bound, meter } = load;
  const target = targetOfMeter(meter);
  const [limit, used, asked] = [load.limit, load.used, load.asked].map((amount) => shown(bound, amount)) as [
    number,
    number,
    number,
  ];
  const sentence = SENTENCES[bound]({ ...load, limit, used, asked }, target ?? '');
  const when = at === undefined ? '' : `; there is room again at ${at.toISOString()}`;
  return new LimitReachedError('limit_reached', sentence + when, {
    bound,
    limit,
    used,
    asked,
    freeAt: at,
    asOf: now,
    ...(target !== undefined && { target }),
  });
}

/** A 400: the request alone asks for more than the quotas allow, whatever else is going on. */
export function impossibleError(
  loads: readonly Load[],
  { probe_count }: Pick<OperationEntity, 'probe_count'>,
): DomainError {
  return DomainError.invalid(...loads.map((load) => violationOf(load, probe_count)));
}

function violationOf({ bound, meter, limit, asked }: Load, probes: number): Violation {
  const [most, much] = [shown(bound, limit), shown(bound, asked)];
  const effect =
    bound === 'user_results'
      ? `this calls for ${much} results in 24 hours, and ${most} are allowed`
      : bound === 'target_probes'
        ? `${much} of them would strike ${targetOfMeter(meter) ?? ''}, and ${most} may`
        : `${targetOfMeter(meter) ?? ''} would be struck by ${much} packets a second, and ${most} are allowed`;
  // fewer probes would do
  if (asked / probes <= limit) return { field: 'probes', message: `must be fewer: ${effect}` };
  if (bound === 'target_packets')
    return { field: 'params', message: `must ask for fewer packets: ${effect}` };
  return { field: 'schedule', message: `must have fewer runs: ${effect}` };
}
