import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { IngestModule } from '../ingest/index.js';
import { PresenceModule } from '../presence/index.js';
import { ProbesModule } from '../probes/index.js';
import { RENEWAL_MODEL, renewalSchema } from './renewal/renewal.schema.js';
import { ResultsRepository } from './results.repository.js';
import { ResultReader } from './result-reader.js';
import { ResultsFollower } from './results-follower.js';
import { TimedResults } from './timed-results.js';
import { TimedResultsRepository } from './timed-results.repository.js';
import { OwnTimes } from './own-times.js';
import { OwnTimesRepository } from './own-times.repository.js';
import { DecodedTexts } from './decoded-texts.js';
import { ListedResults } from './listed/listed-results.js';
import { ResultListsRepository } from './listed/result-lists.repository.js';
import { WholeResults } from './whole-results.js';
import { RenewalRepository } from './renewal/renewal.repository.js';
import { RenewalService } from './renewal/renewal.service.js';

@Module({
  imports: [
    IngestModule,
    PresenceModule,
    ProbesModule,
    MongooseModule.forFeature([{ name: RENEWAL_MODEL, schema: renewalSchema }]),
  ],
  providers: [
    ResultsRepository,
    ResultReader,
    ResultsFollower,
    TimedResultsRepository,
    TimedResults,
    OwnTimesRepository,
    OwnTimes,
    DecodedTexts,
    WholeResults,
    ResultListsRepository,
    ListedResults,
    RenewalRepository,
    RenewalService,
  ],
  exports: [ResultReader, ResultsFollower, TimedResults, OwnTimes, DecodedTexts, ListedResults, WholeResults],
})
export class ResultsModule {}
