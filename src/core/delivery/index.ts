export { ArrivalsService } from './arrivals.service.js';
export { DeliveryModule } from './delivery.module.js';
export { DispatchService } from './dispatch.service.js';
export { type AssignmentChange, OperationFeed } from './operation-feed.js';
export { jobOf } from './with-jobs.js';
