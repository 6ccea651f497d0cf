import { Module } from '@nestjs/common';
import { DeliveryModule } from '../../core/delivery/index.js';
import { IngestModule } from '../../core/ingest/index.js';
import { AuthModule } from '../../core/users/index.js';
import { OperationsModule } from '../../core/operations/index.js';
import { ProbesModule } from '../../core/probes/index.js';
import { ResultsModule } from '../../core/results/index.js';
import { ActivityModule } from '../../derived/activity/index.js';
import { ChangesModule } from '../../derived/changes/index.js';
import { EventStream } from './event-stream.js';
import { LiveFollowers } from './live-followers.js';
import { LiveController } from './live.controller.js';
import { LiveGateway } from './live.gateway.js';
import { LiveService } from './live.service.js';

/** The door for those who watch. */
@Module({
  imports: [
    AuthModule,
    ProbesModule,
    DeliveryModule,
    OperationsModule,
    IngestModule,
    ResultsModule,
    ActivityModule,
    ChangesModule,
  ],
  controllers: [LiveController],
  providers: [LiveService, LiveGateway, LiveFollowers, EventStream],
})
export class LiveModule {}
