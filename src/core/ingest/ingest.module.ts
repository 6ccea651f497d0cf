import { Module } from '@nestjs/common';
import { LedgerModule } from '../ledger/index.js';
import { AssignmentsModule } from '../assignments/index.js';
import { QuotasModule } from '../quotas/index.js';
import { RunsModule } from '../runs/index.js';
import { BatchEffects } from './effects.js';
import { DeletedRuns } from './deleted-runs.js';
import { BatchWriter } from './batch-writer.js';
import { ResultFeed } from './result-feed.js';
import { TailModule } from './tail.module.js';
import { IngestService } from './ingest.service.js';
import { EarlyResultsService } from './early-results.service.js';

@Module({
  imports: [LedgerModule, AssignmentsModule, QuotasModule, RunsModule, TailModule],
  providers: [DeletedRuns, BatchEffects, BatchWriter, ResultFeed, IngestService, EarlyResultsService],
  exports: [ResultFeed, IngestService, TailModule],
})
export class IngestModule {}
