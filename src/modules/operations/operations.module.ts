import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { LedgerModule } from '../ledger/ledger.module.js';
import { ProbesModule } from '../probes/probes.module.js';
import { ASSIGNMENT_MODEL, assignmentSchema } from './assignment.schema.js';
import { ArrivalsService } from './arrivals.service.js';
import { AssignmentsRepository } from './assignments.repository.js';
import { BoundsService } from './bounds/bounds.service.js';
import { BoundsUpkeepService } from './bounds/bounds-upkeep.service.js';
import { HOLD_MODEL, holdSchema } from './bounds/hold.schema.js';
import { HoldsRepository } from './bounds/holds.repository.js';
import { LimitsController } from './bounds/limits.controller.js';
import { METER_MODEL, meterSchema } from './bounds/meter.schema.js';
import { MetersRepository } from './bounds/meters.repository.js';
import { ReleasesService } from './bounds/releases.service.js';
import { TargetsController } from './bounds/targets.controller.js';
import { CoverageController } from './accounting/coverage.controller.js';
import { CoverageService } from './accounting/coverage.service.js';
import { RESTORE_MODEL, restoreSchema } from './accounting/restore.schema.js';
import { RestoresRepository } from './accounting/restores.repository.js';
import { ReliabilityService } from './accounting/reliability.service.js';
import { RunSharesService } from './accounting/run-shares.service.js';
import { RUN_SHEET_MODEL, runSheetSchema } from './accounting/run-sheet.schema.js';
import { RunSheetsRepository } from './accounting/run-sheets.repository.js';
import { DispatchService } from './dispatch.service.js';
import { ProbeLoadsService } from './loads/probe-loads.service.js';
import { OperationChanges } from './operation-changes.js';
import { OperationFeed } from './operation-feed.js';
import { OPERATION_MODEL, operationSchema } from './operation.schema.js';
import { OperationsController } from './operations.controller.js';
import { OperationsRepository } from './operations.repository.js';
import { OperationsService } from './operations.service.js';
import { ProbeChoiceService } from './probe-choice.service.js';
import { SweepService } from './sweep.service.js';

@Module({
  imports: [
    LedgerModule,
    ProbesModule,
    MongooseModule.forFeature([
      { name: OPERATION_MODEL, schema: operationSchema },
      { name: ASSIGNMENT_MODEL, schema: assignmentSchema },
      { name: RUN_SHEET_MODEL, schema: runSheetSchema },
      { name: RESTORE_MODEL, schema: restoreSchema },
      { name: HOLD_MODEL, schema: holdSchema },
      { name: METER_MODEL, schema: meterSchema },
    ]),
  ],
  controllers: [OperationsController, CoverageController, LimitsController, TargetsController],
  providers: [
    OperationsRepository,
    AssignmentsRepository,
    RunSheetsRepository,
    RestoresRepository,
    HoldsRepository,
    MetersRepository,
    BoundsService,
    ReleasesService,
    BoundsUpkeepService,
    CoverageService,
    RunSharesService,
    ReliabilityService,
    OperationChanges,
    OperationFeed,
    DispatchService,
    ArrivalsService,
    ProbeChoiceService,
    ProbeLoadsService,
    OperationsService,
    SweepService,
  ],
  exports: [
    ArrivalsService,
    AssignmentsRepository,
    CoverageService,
    ReliabilityService,
    RunSheetsRepository,
    DispatchService,
    OperationFeed,
    OperationsService,
    ReleasesService,
  ],
})
export class OperationsModule {}
