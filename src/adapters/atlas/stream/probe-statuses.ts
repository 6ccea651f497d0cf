import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Subject } from 'rxjs';
import { z } from 'zod';
import { ProbeFeed } from '../../../core/probes/index.js';
import { PlatformBus, type Topic } from '../../../platform/bus/platform-bus.js';

export interface ProbeStatusChange {
  number: number;
  connected: boolean;
  /** UNIX seconds */
  at: number;
  asn: number | null;
  prefix: string | null;
}

const CHANGED: Topic<ProbeStatusChange> = {
  name: 'atlas-probe',
  schema: z.object({
    number: z.int(),
    connected: z.boolean(),
    at: z.int(),
    asn: z.int().nullable(),
    prefix: z.string().max(64).nullable(),
  }),
};

/** Probes that come and go, at all servers. */
@Injectable()
export class ProbeStatuses implements OnModuleInit {
  private readonly subject = new Subject<ProbeStatusChange>();
  readonly changes = this.subject.asObservable();
  /** subscriptions of this server */
  watchers = 0;

  constructor(
    private readonly feed: ProbeFeed,
    private readonly bus: PlatformBus,
  ) {}

  onModuleInit(): void {
    this.feed.changes.subscribe(({ probe, connected }) => {
      if (this.watchers === 0 && this.bus.state === 'off') return;
      const change = {
        ...{ number: probe.number, connected, at: Math.floor(Date.now() / 1000) },
        ...{ asn: probe.asn_v4 ?? probe.asn_v6 ?? null, prefix: probe.prefix_v4 ?? probe.prefix_v6 ?? null },
      };
      this.subject.next(change);
      this.bus.send(CHANGED, change);
    });
    this.bus.listen(
      CHANGED,
      (change) => {
        this.subject.next(change);
      },
      () => this.watchers > 0,
    );
  }
}
