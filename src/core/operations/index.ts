export { type Availability, type OperationRequest } from './operation-request.js';
export { type ChangedProbes, OperationProbesService } from './operation-probes.service.js';
export { OperationsModule } from './operations.module.js';
export {
  type CreatedOperation,
  OperationsService,
  type QuotedOperation,
  type OperationState,
  readerOf,
  stateOf,
} from './operations.service.js';
