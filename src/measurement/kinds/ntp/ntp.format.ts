import { ntpDocument } from '@pladmed/protocol';
import { isUnbounded } from '@pladmed/sntp';
import type { z } from 'zod';
import { jsonFormat } from '../../formats/json.format.js';
import { type ntpFigures } from './ntp.summary.js';

export const ntpFormat = jsonFormat(
  ntpDocument,
  2,
  (found): z.infer<typeof ntpFigures> => ({
    type: 'ntp',
    destination: found.destination,
    address: found.address,
    port: found.port,
    stratum: found.stratum,
    leap: found.leap,
    reference_id: found.reference_id,
    root_delay_ms: found.root_delay_ms,
    root_dispersion_ms: found.root_dispersion_ms,
    offset_ms: found.offset_ms,
    error_ms: found.error_ms,
    delay_ms: found.delay_ms,
    error: found.error,
  }),
  // No clock may be compared with such an answer; of one without a bound the bound alone is no figure.
  ({ error }) => {
    if (error === null) return [];
    return isUnbounded(error) ? ['error_ms'] : ['offset_ms', 'error_ms', 'delay_ms'];
  },
);
