import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Subject } from 'rxjs';
import { z } from 'zod';
import { PlatformBus, type Topic } from '../../platform/bus/platform-bus.js';
import { hexId, ObjectId } from '../../platform/database/object-id.js';

const PROBE_STATE: Topic<{ probe: string }> = {
  name: 'probe-state',
  schema: z.object({ probe: hexId }),
};

/** Connected probes that say something new of themselves (ready, resolvers, families), on any server; what it is stands in the database. */
@Injectable()
export class ProbeStates implements OnApplicationBootstrap {
  private readonly subject = new Subject<ObjectId>();
  readonly changes = this.subject.asObservable();

  constructor(private readonly bus: PlatformBus) {}

  onApplicationBootstrap(): void {
    this.bus.listen(
      PROBE_STATE,
      ({ probe }) => {
        this.subject.next(new ObjectId(probe));
      },
      () => this.subject.observed,
    );
  }

  changed(probe: ObjectId): void {
    this.subject.next(probe);
    this.bus.send(PROBE_STATE, { probe: probe.toHexString() });
  }
}
