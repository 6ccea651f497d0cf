export { type Column, columnsOf, OTHER } from './columns.js';
export { EXACT_UP_TO, RELATIVE_ERROR } from './distribution.js';
export { type Grouping } from './groups.js';
export { MOST_HOPS } from './hops.js';
export { RebuildService, type Rebuilt } from './rebuild.service.js';
export { RollupsModule } from './rollups.module.js';
export { RollupsRepository } from './rollups.repository.js';
export { SeriesModule } from './series.module.js';
export {
  namesOf,
  type Series,
  type SeriesAnswer,
  type SeriesQuery,
  SeriesService,
} from './series.service.js';
export { type Step, STEP_NAMES, STEPS } from './steps.js';
export { type Values, type ValuesByColumn } from './lists.js';
export { type HopValues } from './values.js';
