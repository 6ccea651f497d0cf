import { Module } from '@nestjs/common';
import { ClockModule } from '../clock/clock.module.js';
import { LiveModule } from '../live/live.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { ProbesModule } from '../probes/probes.module.js';
import { ResultsModule } from '../results/results.module.js';
import { HealthController } from './health.controller.js';
import { MetricsAccess } from './metrics-access.js';
import { MetricsService } from './metrics.service.js';

@Module({
  imports: [ClockModule, LiveModule, ProbesModule, OperationsModule, ResultsModule],
  controllers: [HealthController],
  providers: [MetricsAccess, MetricsService],
})
export class HealthModule {}
