import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { IngestModule } from '../../core/ingest/index.js';
import { ActivityRepository } from './activity.repository.js';
import { ACTIVITY_MODEL, activitySchema } from './activity.schema.js';
import { OperationsModule } from '../../core/operations/index.js';
import { ProbesModule } from '../../core/probes/index.js';
import { ResultsModule } from '../../core/results/index.js';
import { RunsModule } from '../../core/runs/index.js';
import { ActivityService } from './activity.service.js';
import { MISSING_MODEL, missingSchema } from './missing.schema.js';
import { MissingService } from './missing.service.js';
import { ReportService } from './report.service.js';

@Module({
  imports: [
    IngestModule,
    OperationsModule,
    ProbesModule,
    ResultsModule,
    RunsModule,
    MongooseModule.forFeature([
      { name: ACTIVITY_MODEL, schema: activitySchema },
      { name: MISSING_MODEL, schema: missingSchema },
    ]),
  ],
  providers: [ActivityRepository, ActivityService, MissingService, ReportService],
  exports: [ActivityService, ReportService],
})
export class ActivityModule {}
