import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { IngestModule } from '../../core/ingest/index.js';
import { LatestRepository } from './latest.repository.js';
import { LATEST_MODEL, latestSchema } from './latest.schema.js';
import { LatestService } from './latest.service.js';

@Module({
  imports: [IngestModule, MongooseModule.forFeature([{ name: LATEST_MODEL, schema: latestSchema }])],
  providers: [LatestRepository, LatestService],
  exports: [LatestService],
})
export class LatestModule {}
