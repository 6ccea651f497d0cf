import { Module } from '@nestjs/common';
import { PresenceModule } from '../../core/presence/index.js';
import { DeliveryModule } from '../../core/delivery/index.js';
import { IngestModule } from '../../core/ingest/index.js';
import { ReliabilityModule } from '../../core/reliability/index.js';
import { ClockModule } from '../../platform/clock/clock.module.js';
import { ErrorPagesController } from './error-pages.controller.js';
import { HealthController } from './health.controller.js';
import { MetricsAccess } from './metrics-access.js';
import { MetricsService } from './metrics.service.js';

@Module({
  imports: [ClockModule, PresenceModule, DeliveryModule, IngestModule, ReliabilityModule],
  controllers: [HealthController, ErrorPagesController],
  providers: [MetricsAccess, MetricsService],
})
export class OpsModule {}
