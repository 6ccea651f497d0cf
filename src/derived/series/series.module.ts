import { Module } from '@nestjs/common';
import { TailModule } from '../../core/ingest/index.js';
import { RetentionModule } from '../../core/maintenance/index.js';
import { ResultsModule } from '../../core/results/index.js';
import { RunsModule } from '../../core/runs/index.js';
import { RollupsConsumer } from './rollups.consumer.js';
import { RollupsModule } from './rollups.module.js';
import { SeriesService } from './series.service.js';

@Module({
  imports: [RollupsModule, TailModule, ResultsModule, RunsModule, RetentionModule],
  providers: [RollupsConsumer, SeriesService],
  exports: [SeriesService, RollupsModule],
})
export class SeriesModule {}
