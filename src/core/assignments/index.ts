export { type Acknowledged, AcknowledgementsRepository } from './acknowledgements.repository.js';
export { AssignedRuns, type RunPosition } from './assigned-runs.js';
export {
  ASSIGNMENT_STATES,
  type AssignmentEntity,
  type AssignmentState,
  type EarlierStretch,
  LIVE,
} from './assignment.schema.js';
export { AssignmentsModule } from './assignments.module.js';
export { AssignmentsRepository, type LiveLoad } from './assignments.repository.js';
export { capabilitiesOf, type DeliveredBy, deliveredBy } from './delivered-capabilities.js';
export { OperationKinds } from './operation-kinds.js';
export {
  KEPT_PARTS,
  OPERATION_NUMBERS,
  type OperationEntity,
  type OperationKind,
  type Retention,
  WARTS,
  VISIBILITIES,
  type Visibility,
} from './operation.schema.js';
export { type ListedOperation, ListedOperationsRepository } from './listed-operations.repository.js';
export { type OperationFilter } from './operation-filter.js';
export { type KeptOperation, OperationRetentionRepository } from './operation-retention.repository.js';
export {
  type OperationLabels,
  type OperationName,
  type OperationPage,
  OperationsRepository,
  type ScheduledOperation,
  type StandingOperation,
} from './operations.repository.js';
export { leavingsOf, runsBegunBy, runsDone, runsLeftByRefusal, unusedCredits } from './refund.js';
export { type KeptFor, keptFor } from './retention.js';
export { earlierRuns, firstAsked, goesOnUntold, MOST_STRETCHES, reopened } from './stretches.js';
export { RememberedStandings } from './remembered-standings.js';
export { assignmentName, type RunAccount, RunAccounts, type Standing, type Verdict } from './run-account.js';
export {
  type AssignmentCounters,
  type AssignmentTerms,
  type ImportedPart,
  type ProbeAssignment,
  type Progress,
  RunAccountsRepository,
} from './run-accounts.repository.js';
export {
  type Bounds,
  type FoundOperation,
  ONCE_GOES_ON_MS,
  OPERATION_STATES,
  type OperationSearch,
  type OperationState,
  overAt,
  type Phase,
  phaseOf,
  type Protocol,
  PROTOCOLS,
  type SearchOrder,
  type SearchPage,
  type TextMatch,
} from './operation-search.js';
