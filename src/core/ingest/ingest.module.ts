import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { LedgerModule } from '../ledger/index.js';
import { AssignmentsModule } from '../assignments/index.js';
import { QuotasModule } from '../quotas/index.js';
import { RunsModule } from '../runs/index.js';
import { RESULT_MODEL, resultSchema } from './result.schema.js';
import { StoredResultsRepository } from './stored-results.repository.js';
import { BatchEffects } from './effects.js';
import { BatchWriter } from './batch-writer.js';
import { ResultFeed } from './result-feed.js';
import { IngestService } from './ingest.service.js';
import { EarlyResultsService } from './early-results.service.js';

@Module({
  imports: [
    LedgerModule,
    AssignmentsModule,
    QuotasModule,
    RunsModule,
    MongooseModule.forFeature([{ name: RESULT_MODEL, schema: resultSchema }]),
  ],
  providers: [
    StoredResultsRepository,
    BatchEffects,
    BatchWriter,
    ResultFeed,
    IngestService,
    EarlyResultsService,
  ],
  exports: [ResultFeed, IngestService, MongooseModule],
})
export class IngestModule {}
