import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { AssignmentsModule } from '../../assignments/index.js';
import { IngestModule } from '../../ingest/index.js';
import { ARCHIVE_BATCH_MODEL, archiveBatchSchema } from './archive-batch.schema.js';
import { ArchiveBatchesRepository } from './archive-batches.repository.js';
import { ArchiveService } from './archive.service.js';

@Module({
  imports: [
    AssignmentsModule,
    IngestModule,
    MongooseModule.forFeature([{ name: ARCHIVE_BATCH_MODEL, schema: archiveBatchSchema }]),
  ],
  providers: [ArchiveBatchesRepository, ArchiveService],
  exports: [ArchiveService],
})
export class ArchiveModule {}
