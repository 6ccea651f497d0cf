import { Injectable } from '@nestjs/common';
import { Subject } from 'rxjs';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type ResultEntity } from './result.schema.js';

export interface StoredResult {
  result: ResultEntity;
  probeOwner: ObjectId;
  /** of a private operation */
  isPrivate: boolean;
}

/** A result that came early has been paid. */
export type LatePayment = Pick<StoredResult, 'probeOwner'> & { operation: ObjectId };

/** Results as they become durable, for the live doors. */
@Injectable()
export class ResultFeed {
  private readonly subject = new Subject<StoredResult>();
  readonly results = this.subject.asObservable();

  private readonly late = new Subject<LatePayment>();
  readonly latePayments = this.late.asObservable();

  paidLate(payment: LatePayment): void {
    this.late.next(payment);
  }

  stored(stored: StoredResult): void {
    this.subject.next(stored);
  }
}
