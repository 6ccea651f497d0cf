import { ntpDocument } from '@pladmed/protocol';
import { jsonFormat } from '../../formats/json.format.js';

export const ntpFormat = jsonFormat(
  ntpDocument,
  (found) => ({
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
  // No clock may be compared with such an answer; the entry has what it said.
  ({ error }) => (error === null ? [] : ['offset_ms', 'error_ms', 'delay_ms']),
);
