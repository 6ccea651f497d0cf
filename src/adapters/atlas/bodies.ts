import { type BodyRule } from '../../platform/http/json-body.js';

/** Who takes part in a measurement is asked for by a list. */
export const ATLAS_BODIES: readonly BodyRule[] = [
  { path: '/api/v2/measurements/:number/participation-requests', content: 'list' },
];
