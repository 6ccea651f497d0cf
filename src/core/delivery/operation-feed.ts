import { Injectable } from '@nestjs/common';
import { Subject } from 'rxjs';
import { type DeliveryAnswer } from '../presence/connected-probes.js';
import { type AssignmentEntity } from '../assignments/assignment.schema.js';

export interface AssignmentChange {
  assignment: AssignmentEntity;
  answer: DeliveryAnswer;
}

/** What becomes of assignments, for the live doors. */
@Injectable()
export class OperationFeed {
  private readonly subject = new Subject<AssignmentChange>();
  readonly changes = this.subject.asObservable();

  assignmentChanged(change: AssignmentChange): void {
    this.subject.next(change);
  }
}
