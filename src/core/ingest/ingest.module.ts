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
import { ResultsTail } from './tail.js';
import { TailAppender } from './tail-appender.js';
import { TailLogRepository } from './tail-log.repository.js';
import {
  TAIL_LOG_MODEL,
  TAIL_OUTBOX_MODEL,
  TAIL_POSITION_MODEL,
  tailLogSchema,
  tailOutboxSchema,
  tailPositionSchema,
} from './tail-log.schema.js';
import { TailPositionsRepository } from './tail-positions.repository.js';
import { TailReader } from './tail-reader.js';
import { IngestService } from './ingest.service.js';
import { EarlyResultsService } from './early-results.service.js';

@Module({
  imports: [
    LedgerModule,
    AssignmentsModule,
    QuotasModule,
    RunsModule,
    MongooseModule.forFeature([
      { name: RESULT_MODEL, schema: resultSchema },
      { name: TAIL_OUTBOX_MODEL, schema: tailOutboxSchema },
      { name: TAIL_LOG_MODEL, schema: tailLogSchema },
      { name: TAIL_POSITION_MODEL, schema: tailPositionSchema },
    ]),
  ],
  providers: [
    StoredResultsRepository,
    BatchEffects,
    BatchWriter,
    ResultFeed,
    IngestService,
    EarlyResultsService,
    TailLogRepository,
    TailAppender,
    TailPositionsRepository,
    TailReader,
    ResultsTail,
  ],
  exports: [ResultFeed, IngestService, ResultsTail, MongooseModule],
})
export class IngestModule {}
