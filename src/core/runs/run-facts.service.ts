import { Injectable } from '@nestjs/common';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type Schedule } from '../../measurement/schedule/schedule.js';
import { AssignmentsRepository, type AssignmentState, OperationsRepository } from '../assignments/index.js';

/** How it stands with one assignment. */
export interface AssignmentStanding {
  state: AssignmentState;
  lastResultAt: Date | undefined;
}

/** What there is to know of runs before anything comes: for data that is made of results. */
@Injectable()
export class RunFactsService {
  constructor(
    private readonly operations: OperationsRepository,
    private readonly assignments: AssignmentsRepository,
  ) {}

  /** Of those that are there, in no order. */
  async schedulesOf(operations: readonly ObjectId[]): Promise<{ _id: ObjectId; schedule: Schedule }[]> {
    return this.operations.findSchedules(operations);
  }

  /** @returns whether its runs are due at this time, as far as a stop says; false for one that is gone */
  async isGoingOn(operation: ObjectId, at: Date): Promise<boolean> {
    const found = await this.operations.findById(operation);
    return found !== null && (found.stopped_at === undefined || found.stopped_at > at);
  }

  /** @returns undefined: the operation does not have this probe */
  async standingOf(operation: ObjectId, probe: ObjectId): Promise<AssignmentStanding | undefined> {
    const found = await this.assignments.findOne(operation, probe);
    return found === null ? undefined : { state: found.state, lastResultAt: found.last_result_at };
  }
}
