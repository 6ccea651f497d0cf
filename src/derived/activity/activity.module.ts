import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { IngestModule } from '../../core/ingest/index.js';
import { ActivityRepository } from './activity.repository.js';
import { ACTIVITY_MODEL, activitySchema } from './activity.schema.js';
import { OperationsModule } from '../../core/operations/index.js';
import { ProbesModule } from '../../core/probes/index.js';
import { ResultsModule } from '../../core/results/index.js';
import { ActivityService } from './activity.service.js';
import { ReportService } from './report.service.js';

@Module({
  imports: [
    IngestModule,
    OperationsModule,
    ProbesModule,
    ResultsModule,
    MongooseModule.forFeature([{ name: ACTIVITY_MODEL, schema: activitySchema }]),
  ],
  providers: [ActivityRepository, ActivityService, ReportService],
  exports: [ActivityService, ReportService],
})
export class ActivityModule {}
