import { Injectable } from '@nestjs/common';
import { Subject } from 'rxjs';
import { type Families, type ProbeConnection, type ProbeEntity } from './probe.schema.js';

/** What is kept of a probe for as long as it is connected: what is said of it when it goes. */
export type HeldProbe = Pick<
  ProbeEntity,
  '_id' | 'number' | 'owner' | 'asn_v4' | 'asn_v6' | 'prefix_v4' | 'prefix_v6'
> & {
  connection?: Pick<ProbeConnection, 'session' | 'since' | 'version' | 'kinds'>;
  families?: Families | undefined;
};

export type ProbeChange = { probe: ProbeEntity; connected: true } | { probe: HeldProbe; connected: false };

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
