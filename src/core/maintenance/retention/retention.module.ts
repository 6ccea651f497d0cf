import { Module } from '@nestjs/common';
import { AssignmentsModule } from '../../assignments/index.js';
import { IngestModule } from '../../ingest/index.js';
import { ArchiveModule } from '../archive/archive.module.js';
import { ExpiredRepository } from './expired.repository.js';
import { RetentionService } from './retention.service.js';

@Module({
  imports: [AssignmentsModule, IngestModule, ArchiveModule],
  providers: [ExpiredRepository, RetentionService],
  exports: [RetentionService],
})
export class RetentionModule {}
