import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { AssignmentsModule } from '../assignments/index.js';
import { IngestModule } from '../ingest/index.js';
import { ProbesModule } from '../probes/index.js';
import { UsersModule } from '../users/index.js';
import { IMPORT_MODEL, importSchema } from './import.schema.js';
import { ImportTargets } from './import-targets.js';
import { ImportWriter } from './import-writer.js';
import { ImportsRepository } from './imports.repository.js';
import { ImportsService } from './imports.service.js';

@Module({
  imports: [
    UsersModule,
    ProbesModule,
    AssignmentsModule,
    IngestModule,
    MongooseModule.forFeature([{ name: IMPORT_MODEL, schema: importSchema }]),
  ],
  providers: [ImportsRepository, ImportTargets, ImportWriter, ImportsService],
  exports: [ImportsService],
})
export class ImportsModule {}
