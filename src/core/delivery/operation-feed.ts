import { Injectable } from '@nestjs/common';
import { Subject } from 'rxjs';
import { type DeliveryAnswer } from '../presence/index.js';
import { type AssignmentEntity } from '../assignments/index.js';

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
