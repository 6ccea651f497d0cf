import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { LedgerModule } from '../ledger/ledger.module.js';
import { ProbesModule } from '../probes/probes.module.js';
import { ASSIGNMENT_MODEL, assignmentSchema } from '../assignments/assignment.schema.js';
import { ArrivalsService } from '../delivery/arrivals.service.js';
import { AssignmentsRepository } from '../assignments/assignments.repository.js';
import { BoundsService } from '../quotas/bounds.service.js';
import { BoundsUpkeepService } from '../quotas/bounds-upkeep.service.js';
import { HOLD_MODEL, holdSchema } from '../quotas/hold.schema.js';
import { HoldsRepository } from '../quotas/holds.repository.js';
import { LimitsController } from '../../adapters/api/limits.controller.js';
import { METER_MODEL, meterSchema } from '../quotas/meter.schema.js';
import { MetersRepository } from '../quotas/meters.repository.js';
import { ReleasesService } from '../quotas/releases.service.js';
import { TargetsController } from '../../adapters/api/targets.controller.js';
import { CoverageController } from '../../adapters/api/coverage.controller.js';
import { CoverageService } from '../runs/coverage.service.js';
import { RESTORE_MODEL, restoreSchema } from '../runs/restore.schema.js';
import { RestoresRepository } from '../runs/restores.repository.js';
import { ReliabilityService } from '../reliability/reliability.service.js';
import { RunSharesService } from '../reliability/run-shares.service.js';
import { RUN_SHEET_MODEL, runSheetSchema } from '../runs/run-sheet.schema.js';
import { RunSheetsRepository } from '../runs/run-sheets.repository.js';
import { DispatchService } from '../delivery/dispatch.service.js';
import { ProbeLoadsService } from '../quotas/probe-loads.service.js';
import { OperationChanges } from '../delivery/operation-changes.js';
import { OperationFeed } from '../delivery/operation-feed.js';
import { OPERATION_MODEL, operationSchema } from '../assignments/operation.schema.js';
import { OperationsController } from '../../adapters/api/operations.controller.js';
import { OperationsRepository } from '../assignments/operations.repository.js';
import { OperationsService } from './operations.service.js';
import { ProbeChoiceService } from './probe-choice.service.js';
import { SweepService } from '../delivery/sweep.service.js';

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
