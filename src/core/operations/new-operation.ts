import { ObjectId } from '../../platform/database/object-id.js';
import { DomainError } from '../../platform/errors/domain.error.js';
import { type ChosenProbe } from '../probes/index.js';
import { type AssignmentEntity, type OperationEntity } from '../assignments/index.js';
import { InvalidParamsError } from '../../measurement/params/invalid-params.error.js';
import { receiptFrom } from '../../measurement/schedule/receipt.js';
import { MAX_RUNS, type Schedule, toProbeSchedule } from '../../measurement/schedule/schedule.js';
import { scheduleEnd } from '../../measurement/schedule/run-numbers.js';

const ONCE_GRACE_MS = 24 * 3_600_000;
const PERIODIC_GRACE_MS = 10 * 60_000;

/**
 * What each probe has to do, before anything was sent.
 * @param bytes of the operation as a probe is told it
 */
export function assignmentsOf(
  operation: Omit<OperationEntity, 'number'>,
  probes: readonly Pick<ChosenProbe, '_id' | 'owner'>[],
  bytes: number,
): AssignmentEntity[] {
  const notBefore = receiptFrom(operation.schedule, operation.created_at);
  return probes.map((probe) => ({
    _id: new ObjectId(),
    operation: operation._id,
    probe: probe._id,
    probe_owner: probe.owner,
    state: 'pending',
    due: operation.runs_per_probe,
    received: 0,
    failed: 0,
    bytes,
    created_at: operation.created_at,
    ends_at: operation.ends_at,
    ...(notBefore && { not_before: notBefore }),
    ...(operation.visibility === 'private' && { private: true }),
  }));
}

/** What an operation takes up as a probe is told it, the comma behind it included. */
export function bytesOf({
  _id,
  kind,
  params,
  schedule,
  cost_per_run,
}: Pick<OperationEntity, '_id' | 'kind' | 'params' | 'schedule' | 'cost_per_run'>): number {
  const latest = (schedule.spread_s ?? 0) * 1000;
  const told = { operation_id: _id, kind, params, schedule: toProbeSchedule(schedule, latest), cost_per_run };
  return Buffer.byteLength(JSON.stringify(told)) + 1;
}

/** Until when a job is worth bringing: a single run for a day, others until their last run and a little for its result. */
export function deliveryEnd(schedule: Schedule, now: Date): Date {
  const grace = schedule.type === 'once' ? ONCE_GRACE_MS : PERIODIC_GRACE_MS;
  const spread = (schedule.spread_s ?? 0) * 1000;
  return new Date(Math.max(scheduleEnd(schedule).getTime() + spread, now.getTime()) + grace);
}

/** @throws DomainError too_many_runs */
export function refuseTooMany(runsPerProbe: number, probes: number): void {
  if (runsPerProbe * probes <= MAX_RUNS) return;
  throw new DomainError(
    'too_many_runs',
    `An operation may have ${MAX_RUNS} runs at most; this one has at least ${runsPerProbe} on each of ${probes} probes`,
  );
}

/** @throws DomainError invalid_request that names each wrong field */
export function namingFields<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof InvalidParamsError) throw DomainError.invalid(...error.violations);
    throw error;
  }
}
