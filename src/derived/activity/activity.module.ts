import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { IngestModule } from '../../core/ingest/index.js';
import { ActivityRepository } from './activity.repository.js';
import { ACTIVITY_MODEL, activitySchema } from './activity.schema.js';
import { ActivityService } from './activity.service.js';

@Module({
  imports: [IngestModule, MongooseModule.forFeature([{ name: ACTIVITY_MODEL, schema: activitySchema }])],
  providers: [ActivityRepository, ActivityService],
  exports: [ActivityService],
})
export class ActivityModule {}
