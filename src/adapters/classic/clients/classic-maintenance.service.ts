import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { z } from 'zod';
import { PlatformBus, type Topic } from '../../../platform/bus/platform-bus.js';
import { DatabaseService } from '../../../platform/database/database.service.js';
import { ProbeConnectionsService } from '../../../core/presence/index.js';
import { IngestService } from '../../../core/ingest/index.js';

/** Somebody has emptied the database. */
const EMPTIED: Topic<object> = { name: 'emptied', schema: z.object({}) };

/** Empties the database, and with it what servers remember of it. */
@Injectable()
export class ClassicMaintenanceService implements OnApplicationBootstrap {
  private readonly logger = new Logger('maintenance');

  constructor(
    private readonly database: DatabaseService,
    private readonly connections: ProbeConnectionsService,
    private readonly results: IngestService,
    private readonly bus: PlatformBus,
  ) {}

  onApplicationBootstrap(): void {
    this.bus.listen(EMPTIED, () => {
      this.forget().catch((error: unknown) => {
        this.logger.warn(
          { err: error },
          'could not look whose connections are over; that is done every few seconds',
        );
      });
    });
  }

  async deleteEverything(): Promise<void> {
    await this.database.deleteEverything();
    this.bus.send(EMPTIED, {});
    await this.forget();
  }

  /** Harmless where nothing was emptied: what is remembered is looked up again, and only connections that are over are closed. */
  private async forget(): Promise<void> {
    this.results.forget();
    await this.connections.closeForgotten();
  }
}
