import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { ProbesModule } from '../probes/index.js';
import { PresenceModule } from '../presence/index.js';
import { AssignmentsModule } from '../assignments/index.js';
import { RUN_SHEET_MODEL, runSheetSchema } from './run-sheet.schema.js';
import { RESTORE_MODEL, restoreSchema } from './restore.schema.js';
import { RunFactsService } from './run-facts.service.js';
import { RunSheetsRepository } from './run-sheets.repository.js';
import { RestoresRepository } from './restores.repository.js';
import { BegunRuns } from './begun-runs.js';
import { CoverageService } from './coverage.service.js';
import { MissingRunsService } from './missing-runs.service.js';

@Module({
  imports: [
    ProbesModule,
    PresenceModule,
    AssignmentsModule,
    MongooseModule.forFeature([
      { name: RUN_SHEET_MODEL, schema: runSheetSchema },
      { name: RESTORE_MODEL, schema: restoreSchema },
    ]),
  ],
  providers: [
    BegunRuns,
    RunFactsService,
    RunSheetsRepository,
    RestoresRepository,
    CoverageService,
    MissingRunsService,
  ],
  exports: [
    BegunRuns,
    RunFactsService,
    RunSheetsRepository,
    RestoresRepository,
    CoverageService,
    MissingRunsService,
  ],
})
export class RunsModule {}
