export {
  type Admission,
  type Admit,
  metersOf,
  QuotasService,
  type TargetUse,
  type Usage,
} from './quotas.service.js';
export { shown } from './limit-errors.js';
export { type Amounts, type HoldEntity, METERED_BOUNDS, METERS_COLLECTION } from './hold.schema.js';
export { ProbeLoadsService, type Reservation } from './probe-loads.service.js';
export { QuotasModule } from './quotas.module.js';
export { ReleasesService } from './releases.service.js';
export { stopped } from './release.js';
