import {
  type AssignmentEntity,
  type OperationEntity,
  type OperationsRepository,
} from '../assignments/index.js';
import { type Job } from '../presence/index.js';

/** Assignments, and what their probes are told, in the same order. */
export interface AssignedJobs {
  assignments: AssignmentEntity[];
  jobs: Job[];
}

/** Reads the operations of assignments, each once. @returns without the assignments whose operation is not there */
export async function withJobs(
  assignments: readonly AssignmentEntity[],
  operations: OperationsRepository,
): Promise<AssignedJobs> {
  const assigned: AssignedJobs = { assignments: [], jobs: [] };
  if (assignments.length === 0) return assigned;
  const ids = new Map(assignments.map(({ operation }) => [operation.toHexString(), operation]));
  const found = await operations.findByIds([...ids.values()]);
  const jobs = new Map(found.map((operation) => [operation._id.toHexString(), jobOf(operation)]));
  for (const assignment of assignments) {
    const job = jobs.get(assignment.operation.toHexString());
    if (job === undefined) continue;
    assigned.assignments.push(assignment);
    assigned.jobs.push(job);
  }
  return assigned;
}

export function jobOf(operation: Omit<OperationEntity, 'number'>): Job {
  return {
    operation: operation._id,
    kind: operation.kind,
    params: operation.params,
    schedule: operation.schedule,
    costPerRun: operation.cost_per_run,
    resultFormat: operation.result_format,
    wording: operation.wording,
    progressOf: operation.progress_of,
  };
}
