import { type BodyRule } from '../../platform/http/json-body.js';

/** Bodies that are files, whatever the Content-Type says; one that may be large is read by its handler. */
export const API_BODIES: readonly BodyRule[] = [
  { path: '/api/v1/imports', content: 'stream' },
  { path: '/api/v1/users/me/picture', content: 'bytes' },
  { path: '/api/v1/sites/:name/photo', content: 'bytes' },
];
