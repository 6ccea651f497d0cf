export { type Availability, type OperationRequest } from './operation-request.js';
export { type ChangedProbes, OperationProbesService } from './operation-probes.service.js';
export { ListedOperationsService } from './listed-operations.service.js';
export { OperationListingService } from './operation-listing.service.js';
export { OperationsModule } from './operations.module.js';
export {
  type CreatedOperation,
  OperationCreationService,
  type QuotedOperation,
} from './operation-creation.service.js';
export { OperationsService, readerOf, stateOf } from './operations.service.js';
