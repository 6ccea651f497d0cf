import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Subject } from 'rxjs';
import { LiveWatchers } from '../../platform/limits/live-watchers.js';
import { PeriodicTask } from '../../platform/periodic/periodic-task.js';
import { type ChangeEntity } from './change.schema.js';
import { ChangesRepository } from './changes.repository.js';

const EVERY_MS = 1_000;
const AT_ONCE = 100;

/**
 * Changes as they are noticed, for those who watch at this server. It reads them from the database while somebody watches: one server finds
 * them, and all tell of them.
 */
@Injectable()
export class ChangesFeed implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('changes');
  private readonly task = new PeriodicTask(() => this.look(), {
    logger: this.logger,
    failed: 'could not look for changes; the next look will',
  });
  private readonly subject = new Subject<ChangeEntity>();
  /** new ones, and those that a further probe has seen, or of which a probe came back: `probes` has the last one alone */
  readonly changes = this.subject.asObservable();
  /** what was told last; undefined: nobody watched at the last look */
  private told: number | undefined;

  constructor(
    private readonly repository: ChangesRepository,
    private readonly watchers: LiveWatchers,
  ) {}

  onApplicationBootstrap(): void {
    this.task.every(EVERY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  private async look(): Promise<void> {
    if (this.watchers.count === 0) {
      this.told = undefined;
      return;
    }
    this.told ??= await this.repository.lastNumber();
    for (;;) {
      const found = await this.repository.findUpdated(this.told, AT_ONCE);
      for (const change of found) {
        this.told = change.updated;
        this.subject.next(change);
      }
      if (found.length < AT_ONCE) return;
    }
  }
}
