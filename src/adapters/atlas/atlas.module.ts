import { Module } from '@nestjs/common';
import { IngestModule, TailModule } from '../../core/ingest/index.js';
import { LedgerModule } from '../../core/ledger/index.js';
import { OperationsModule } from '../../core/operations/index.js';
import { ProbesModule } from '../../core/probes/index.js';
import { ResultsModule } from '../../core/results/index.js';
import { AuthModule } from '../../core/users/index.js';
import { ChosenProbes } from './measurements/chosen-probes.js';
import { AtlasMeasurementsController } from './measurements/measurements.controller.js';
import { AtlasParticipationController } from './measurements/participation.controller.js';
import { AtlasResultsController } from './results/results.controller.js';
import { AtlasProbesController } from './probes/probes.controller.js';
import { AtlasAccountController } from './account.controller.js';
import { Callers } from './callers.js';
import { AtlasStream } from './stream/atlas-stream.js';
import { MeasurementStatuses } from './stream/measurement-statuses.js';
import { ProbeStatuses } from './stream/probe-statuses.js';
import { Subscriptions } from './stream/subscriptions.js';

/** Clients of RIPE Atlas: `/api/v2` and `/stream`. It translates and delegates; nobody imports it. */
@Module({
  imports: [
    AuthModule,
    LedgerModule,
    ProbesModule,
    OperationsModule,
    IngestModule,
    TailModule,
    ResultsModule,
  ],
  controllers: [
    AtlasAccountController,
    AtlasMeasurementsController,
    AtlasParticipationController,
    AtlasResultsController,
    AtlasProbesController,
  ],
  providers: [Callers, ChosenProbes, ProbeStatuses, MeasurementStatuses, Subscriptions, AtlasStream],
})
export class AtlasModule {}
