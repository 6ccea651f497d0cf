import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { LedgerModule } from '../ledger/ledger.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { BatchWriter } from '../ingest/batch-writer.js';
import { DecodedTexts } from './decoded-texts.js';
import { EarlyResultsService } from '../ingest/early-results.service.js';
import { RenewalRepository } from './renewal/renewal.repository.js';
import { RENEWAL_MODEL, renewalSchema } from './renewal/renewal.schema.js';
import { RenewalService } from './renewal/renewal.service.js';
import { ResultListings } from '../../adapters/api/result-listings.js';
import { ResultFeed } from '../ingest/result-feed.js';
import { ResultReader } from './result-reader.js';
import { RESULT_MODEL, resultSchema } from '../ingest/result.schema.js';
import { ResultsController } from '../../adapters/api/results.controller.js';
import { ResultsRepository } from './results.repository.js';
import { ResultsService } from '../ingest/ingest.service.js';

@Module({
  imports: [
    LedgerModule,
    OperationsModule,
    MongooseModule.forFeature([
      { name: RESULT_MODEL, schema: resultSchema },
      { name: RENEWAL_MODEL, schema: renewalSchema },
    ]),
  ],
  controllers: [ResultsController],
  providers: [
    ResultsRepository,
    BatchWriter,
    ResultFeed,
    ResultsService,
    EarlyResultsService,
    ResultReader,
    DecodedTexts,
    ResultListings,
    RenewalRepository,
    RenewalService,
  ],
  exports: [DecodedTexts, ResultFeed, ResultReader, ResultsService],
})
export class ResultsModule {}
