export { type ShareEntity, type SharedProbe } from './share.schema.js';
export { SharesModule } from './shares.module.js';
export { type NewShare, SharesService } from './shares.service.js';
