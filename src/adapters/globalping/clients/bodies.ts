import { type BodyRule } from '../../../platform/http/json-body.js';

/** No request of a client of Globalping is larger. */
export const GLOBALPING_BODIES: readonly BodyRule[] = [{ path: '/v1{/*rest}', most: 100 * 1024 }];
