import { type ObjectId } from '../../platform/database/object-id.js';
import { type Strike } from '../../measurement/kinds/kind.js';
import { type OperationEntity } from '../assignments/index.js';
import { busiestRuns } from '../../measurement/schedule/busiest.js';
import { scheduleEnd } from '../../measurement/schedule/run-numbers.js';
import { type HoldEntity } from './hold.schema.js';
import { isLoopback, targetOf } from '../../measurement/targets/network.js';

const DAY_MS = 24 * 3_600_000;
const MINUTES_OF_DAY = 1_440;
/** A run's packets are taken to be sent within a minute, and so is the last one's. */
const MINUTE_MS = 60_000;

export const userMeter = (user: ObjectId): string => `user:${user.toHexString()}`;
export const targetMeter = (target: string): string => `target:${target}`;

/** @returns the target that a meter is of; undefined: it is a user's */
export function targetOfMeter(meter: string): string | undefined {
  return meter.startsWith('target:') ? meter.slice('target:'.length) : undefined;
}

/** What the quotas look at in an operation. */
export type Loading = Pick<
  OperationEntity,
  '_id' | 'owner' | 'schedule' | 'probe_count' | 'created_at' | 'ends_at'
>;

/**
 * Until when an operation runs, if nobody stops it: until its last run is done. A single run waits for probes that are away until
 * the operation ends, and is over before that when all have answered.
 */
export function runsUntil({ schedule, ends_at }: Loading): Date {
  if (schedule.type === 'once') return ends_at;
  return new Date(scheduleEnd(schedule).getTime() + (schedule.spread_s ?? 0) * 1_000 + MINUTE_MS);
}

/** The most results that one probe can bring in any 24 hours. */
export function resultsPerDay({ schedule }: Pick<OperationEntity, 'schedule'>): number {
  return busiestRuns(schedule, MINUTES_OF_DAY);
}

/**
 * What an operation uses of each quota, and until when (docs/protocol.md, "Limits of users and targets"). Its results count for 24 hours
 * after its end: so what counts at any moment is no less than what was called for in the 24 hours before it.
 * @param strikes of one run of one probe
 */
export function holdsOf(operation: Loading, strikes: readonly Strike[]): HoldEntity[] {
  const until = runsUntil(operation);
  const meters = [userMeter(operation.owner)];
  const results = resultsPerDay(operation) * operation.probe_count;
  const single = operation.schedule.type === 'once' && { single: true as const };
  const holds: Omit<HoldEntity, '_id' | 'operation'>[] = [
    { meters, amounts: { user_operations: 1 }, until: dayAfter(operation.created_at) },
    { meters, amounts: { user_running: 1 }, until, ...single },
    { meters, amounts: { user_results: results }, until: dayAfter(until) },
    ...strikesByTarget(operation, strikes).map((strike) => ({ ...strike, until })),
  ];
  const id = operation._id.toHexString();
  return holds.map((hold, n) => ({ _id: `${id}.${n}`, operation: operation._id, ...hold }));
}

/** 24 hours later. */
export function dayAfter(time: Date): Date {
  return new Date(time.getTime() + DAY_MS);
}

/**
 * Packets a second: those of all runs that begin in the busiest minute, over that minute; of an operation that is spread over
 * more than a minute, in the busiest time as long as the spread, in whole minutes, over that time.
 */
function strikesByTarget(
  { schedule, probe_count }: Loading,
  strikes: readonly Strike[],
): Pick<HoldEntity, 'meters' | 'amounts'>[] {
  const packets = new Map<string, number>();
  for (const { host, packets: more } of strikes) {
    const target = targetOf(host);
    if (!isLoopback(target)) packets.set(target, (packets.get(target) ?? 0) + more);
  }
  // mostly a single group: a kind sends as much to each of a thousand targets, unless one is named twice
  const groups = new Map<number, string[]>();
  for (const [target, each] of packets) {
    const group = groups.get(each);
    if (group === undefined) groups.set(each, [targetMeter(target)]);
    else group.push(targetMeter(target));
  }
  const minutes = Math.max(1, Math.ceil((schedule.spread_s ?? 0) / 60));
  const runs = busiestRuns(schedule, minutes) * probe_count;
  return [...groups].map(([each, meters]) => ({
    meters,
    amounts: {
      target_probes: probe_count,
      target_packets: Math.ceil((1_000 * each * runs) / (60 * minutes)),
    },
  }));
}
