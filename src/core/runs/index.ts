export { factsOf } from './assignment-facts.js';
export { type BegunRun, BegunRuns } from './begun-runs.js';
export { type Coverage, CoverageService, type ProbeCoverage, type ProbeRuns } from './coverage.service.js';
export {
  type AssignmentFacts,
  AWAITED_MS,
  type Fate,
  FATES,
  LATEST_BEGIN_MS,
  LONG_RUN_MS,
  type LostTime,
} from './fates.js';
export { MarkedRuns } from './marked-runs.js';
export { type MissingRuns, MissingRunsService } from './missing-runs.service.js';
export { type RestoreEntity, RESTORES_COLLECTION } from './restore.schema.js';
export { RestoresRepository } from './restores.repository.js';
export { type AssignmentStanding, RunFactsService } from './run-facts.service.js';
export { RUNS_PER_SHEET, type RunSheetEntity } from './run-sheet.schema.js';
export { type RunMark, RunSheetsRepository } from './run-sheets.repository.js';
export { RunsModule } from './runs.module.js';
export { type BucketTally, type FateCounts, FATES_WIDTH, type FatesByBucket } from './tally.js';
