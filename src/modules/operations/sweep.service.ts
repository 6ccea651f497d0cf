import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { AssignmentsRepository } from './assignments.repository.js';
import { DispatchService } from './dispatch.service.js';

const EVERY_MS = 10_000;

/**
 * What time does to assignments, and what a lost message left undone. Each step is one conditional update, so several
 * servers may sweep at once: nothing happens twice.
 */
@Injectable()
export class SweepService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('sweep');
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly assignments: AssignmentsRepository,
    private readonly dispatch: DispatchService,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running ??= this.sweep().finally(() => {
        this.running = undefined;
      });
    }, EVERY_MS);
    this.timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  private async sweep(): Promise<void> {
    try {
      const { done, expired } = await this.assignments.closeEnded(new Date());
      if (done + expired > 0) this.logger.log({ done, expired }, 'assignments ended');
      await this.dispatch.deliverOverdue();
    } catch (error) {
      this.logger.warn({ err: error }, 'the sweep failed; the next one will do its work');
    }
  }
}
