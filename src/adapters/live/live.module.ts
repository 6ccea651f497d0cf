import { Module } from '@nestjs/common';
import { DeliveryModule } from '../../core/delivery/delivery.module.js';
import { IngestModule } from '../../core/ingest/ingest.module.js';
import { AuthModule } from '../../core/users/auth.module.js';
import { OperationsModule } from '../../core/operations/operations.module.js';
import { ProbesModule } from '../../core/probes/probes.module.js';
import { LiveController } from './live.controller.js';
import { LiveGateway } from './live.gateway.js';
import { LiveService } from './live.service.js';

/** The door for those who watch. */
@Module({
  imports: [AuthModule, ProbesModule, DeliveryModule, OperationsModule, IngestModule],
  controllers: [LiveController],
  providers: [LiveService, LiveGateway],
})
export class LiveModule {}
