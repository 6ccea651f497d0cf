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

  private readonly subjectOfEdits = new Subject<ProbeEntity>();
  /** Probes that somebody has changed, as they are now. */
  readonly edits = this.subjectOfEdits.asObservable();

  edited(probe: ProbeEntity): void {
    this.subjectOfEdits.next(probe);
  }

  emit(change: ProbeChange): void {
    this.subject.next(change);
  }
}
