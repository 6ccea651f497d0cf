import { Injectable } from '@nestjs/common';
import { Subject } from 'rxjs';
import { type ProbeEntity } from './probe.schema.js';

export interface ProbeChange {
  probe: ProbeEntity;
  connected: boolean;
}

/** Probes that come and go, for the live doors. */
@Injectable()
export class ProbeFeed {
  private readonly subject = new Subject<ProbeChange>();
  readonly changes = this.subject.asObservable();

  emit(change: ProbeChange): void {
    this.subject.next(change);
  }
}
