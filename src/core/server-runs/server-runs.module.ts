import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { AssignmentsModule } from '../assignments/index.js';
import { DeliveryModule } from '../delivery/index.js';
import { IngestModule } from '../ingest/index.js';
import { RunsModule } from '../runs/index.js';
import { ServersModule } from '../servers/index.js';
import { BEGUN_RUN_MODEL, begunRunSchema, RUN_PART_MODEL, runPartSchema } from './begun-run.schema.js';
import { BegunRunsRepository } from './begun-runs.repository.js';
import { OverdueRunsService } from './overdue-runs.service.js';
import { RunAnswersService } from './run-answers.service.js';
import { ServerRunsService } from './server-runs.service.js';

@Module({
  imports: [
    AssignmentsModule,
    DeliveryModule,
    IngestModule,
    RunsModule,
    ServersModule,
    MongooseModule.forFeature([
      { name: BEGUN_RUN_MODEL, schema: begunRunSchema },
      { name: RUN_PART_MODEL, schema: runPartSchema },
    ]),
  ],
  providers: [BegunRunsRepository, RunAnswersService, ServerRunsService, OverdueRunsService],
  exports: [RunAnswersService, ServerRunsService],
})
export class ServerRunsModule {}
