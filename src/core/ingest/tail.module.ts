import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { RecentResults } from './recent-results.js';
import { RESULT_MODEL, resultSchema } from './result.schema.js';
import { StoredResultsRepository } from './stored-results.repository.js';
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

/** The results tail without what ingest needs besides: a command reads it too. */
@Module({
  imports: [
    MongooseModule.forFeature([
      { name: RESULT_MODEL, schema: resultSchema },
      { name: TAIL_OUTBOX_MODEL, schema: tailOutboxSchema },
      { name: TAIL_LOG_MODEL, schema: tailLogSchema },
      { name: TAIL_POSITION_MODEL, schema: tailPositionSchema },
    ]),
  ],
  providers: [
    RecentResults,
    StoredResultsRepository,
    TailLogRepository,
    TailAppender,
    TailPositionsRepository,
    TailReader,
    ResultsTail,
  ],
  exports: [
    RecentResults,
    StoredResultsRepository,
    TailLogRepository,
    TailAppender,
    ResultsTail,
    MongooseModule,
  ],
})
export class TailModule {}
