import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Observable, share } from 'rxjs';
import {
  type FoundOperation,
  ONCE_GOES_ON_MS,
  type OperationSearch,
} from '../../../core/assignments/index.js';
import { OperationsService } from '../../../core/operations/index.js';
import { type Members } from '../../../measurement/atlas/common.js';
import { PlatformClock } from '../../../platform/database/platform-clock.js';
import { PeriodicTask } from '../../../platform/periodic/periodic-task.js';
import { KINDS_HERE } from '../measurements/measurement-query.js';
import { statusOf } from '../measurements/measurement.presenter.js';

/** How often it is looked for measurements whose status has changed. */
const LOOK_MS = 3_000;
/** What became so by the clock of its server is stored by then. */
const STORED_MS = 5_000;
/** Changes of one look that are told. */
const MOST_CHANGES = 1_000;
/** Measurements of which it is known what was told last. */
const MOST_KNOWN = 10_000;

export interface MeasurementStatus {
  id: number;
  status: Members;
}

/** Public measurements that begin, end or are stopped, whoever made them, at whichever server. */
@Injectable()
export class MeasurementStatuses {
  /** One look for all who listen; nobody looks where nobody listens. */
  readonly changes: Observable<MeasurementStatus> = new Observable<MeasurementStatus>((listener) => {
    const told = new LRUCache<number, number>({ max: MOST_KNOWN });
    let seenTo = this.lookedTo();
    const task = new PeriodicTask(
      async () => {
        const to = this.lookedTo();
        for (const operation of await this.changedBetween(seenTo, to)) {
          const status = statusOf(operation, this.clock.now());
          const phase = Number(status['id']);
          if (told.get(operation.number) === phase) continue;
          told.set(operation.number, phase);
          listener.next({ id: operation.number, status });
        }
        seenTo = to;
      },
      { logger: this.logger, failed: 'statuses of measurements could not be looked up; the next round does' },
    );
    task.every(LOOK_MS);
    return () => {
      task.cancel();
    };
  }).pipe(share());
  private readonly logger = new Logger('atlas');

  constructor(
    private readonly operations: OperationsService,
    private readonly clock: PlatformClock,
  ) {}

  private lookedTo(): Date {
    return new Date(this.clock.now().getTime() - STORED_MS);
  }

  private async changedBetween(above: Date, most: Date): Promise<FoundOperation[]> {
    const onceBegan = [above, most].map((time) => new Date(time.getTime() - ONCE_GOES_ON_MS));
    const changes: Partial<OperationSearch>[] = [
      { begin: { above, most } },
      { end: { above, most } },
      { begin: { above: onceBegan[0], most: onceBegan[1] }, isOnce: true },
    ];
    const found: FoundOperation[] = [];
    for (const change of changes) {
      const search = { reader: undefined, kinds: KINDS_HERE, ...change };
      const page = { order: 'number', isDescending: false, skip: 0, limit: MOST_CHANGES } as const;
      found.push(...(await this.operations.search(search, page)).found);
    }
    return found;
  }
}
