import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { LedgerModule } from '../ledger/ledger.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { BatchWriter } from './batch-writer.js';
import { DecodedTexts } from './decoded-texts.js';
import { ResultFeed } from './result-feed.js';
import { RESULT_MODEL, resultSchema } from './result.schema.js';
import { ResultsController } from './results.controller.js';
import { ResultsRepository } from './results.repository.js';
import { ResultsService } from './results.service.js';

@Module({
  imports: [
    LedgerModule,
    OperationsModule,
    MongooseModule.forFeature([{ name: RESULT_MODEL, schema: resultSchema }]),
  ],
  controllers: [ResultsController],
  providers: [ResultsRepository, BatchWriter, ResultFeed, ResultsService, DecodedTexts],
  exports: [DecodedTexts, ResultFeed, ResultsService],
})
export class ResultsModule {}
