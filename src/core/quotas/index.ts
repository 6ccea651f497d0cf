export { type Admission, BoundsService, type TargetUse, type Usage } from './bounds.service.js';
export { shown } from './complaints.js';
export { type HoldEntity, METERED_BOUNDS } from './hold.schema.js';
export { ProbeLoadsService } from './probe-loads.service.js';
export { QuotasModule } from './quotas.module.js';
export { ReleasesService } from './releases.service.js';
export { stopped } from './what-is-left.js';
