import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { IngestModule } from '../../core/ingest/index.js';
import { ReliabilityModule } from '../../core/reliability/index.js';
import { RunsModule } from '../../core/runs/index.js';
import { CHANGE_MODEL, CHANGE_NUMBER_MODEL, changeNumberSchema, changeSchema } from './change.schema.js';
import { CHANGE_REBUILD_MODEL, changeRebuildSchema } from './change-rebuild.schema.js';
import { CHANGE_STATE_MODEL, changeStateSchema } from './change-state.schema.js';
import { ChangeDetector } from './change-detector.js';
import { ChangeRebuilder } from './change-rebuilder.js';
import { ChangeRebuildsRepository } from './change-rebuilds.repository.js';
import { ChangeRecorder } from './change-recorder.js';
import { ChangesConsumer } from './changes.consumer.js';
import { ChangesFeed } from './changes-feed.js';
import { ChangesRepository } from './changes.repository.js';
import { ChangesService } from './changes.service.js';
import { ChangeStatesRepository } from './change-states.repository.js';
import { QuietProbesService } from './quiet-probes.service.js';

@Module({
  imports: [
    IngestModule,
    ReliabilityModule,
    RunsModule,
    MongooseModule.forFeature([
      { name: CHANGE_MODEL, schema: changeSchema },
      { name: CHANGE_NUMBER_MODEL, schema: changeNumberSchema },
      { name: CHANGE_STATE_MODEL, schema: changeStateSchema },
      { name: CHANGE_REBUILD_MODEL, schema: changeRebuildSchema },
    ]),
  ],
  providers: [
    ChangesRepository,
    ChangeStatesRepository,
    ChangeRebuildsRepository,
    ChangeRecorder,
    ChangeDetector,
    ChangesConsumer,
    ChangeRebuilder,
    QuietProbesService,
    ChangesFeed,
    ChangesService,
  ],
  exports: [ChangesService, ChangesFeed],
})
export class ChangesModule {}
