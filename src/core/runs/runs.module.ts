import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { ProbesModule } from '../probes/probes.module.js';
import { PresenceModule } from '../presence/presence.module.js';
import { AssignmentsModule } from '../assignments/assignments.module.js';
import { RUN_SHEET_MODEL, runSheetSchema } from './run-sheet.schema.js';
import { RESTORE_MODEL, restoreSchema } from './restore.schema.js';
import { RunSheetsRepository } from './run-sheets.repository.js';
import { RestoresRepository } from './restores.repository.js';
import { CoverageService } from './coverage.service.js';

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
  providers: [RunSheetsRepository, RestoresRepository, CoverageService],
  exports: [RunSheetsRepository, RestoresRepository, CoverageService],
})
export class RunsModule {}
