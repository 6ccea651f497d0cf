import { Module } from '@nestjs/common';
import { ClockModule } from '../../platform/clock/clock.module.js';
import { LiveModule } from '../live/live.module.js';
import { OperationsModule } from '../../core/operations/operations.module.js';
import { ProbesModule } from '../../core/probes/probes.module.js';
import { ResultsModule } from '../../core/results/results.module.js';
import { HealthController } from './health.controller.js';
import { MetricsAccess } from './metrics-access.js';
import { MetricsService } from './metrics.service.js';

@Module({
  imports: [ClockModule, LiveModule, ProbesModule, OperationsModule, ResultsModule],
  controllers: [HealthController],
  providers: [MetricsAccess, MetricsService],
})
export class HealthModule {}
