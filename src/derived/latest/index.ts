export { LatestModule } from './latest.module.js';
export { type LatestEntity } from './latest.schema.js';
export { LatestService } from './latest.service.js';
