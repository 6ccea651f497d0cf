import { z } from 'zod';
import { jsonFormat } from '../../../results/formats/json.format.js';
import { MAX_SAMPLES, MAX_SERVERS } from './ntp.params.js';

const ms = z.number().nullable();
const length = z.number().min(0).nullable();
const word = z.string().max(256).nullable();
const whole = (least: number, most: number) => z.number().int().min(least).max(most).nullable();

/** docs/protocol.md, format `ntp`. Members that this server does not know stay in the raw bytes and are shown. */
const exchange = z.looseObject({
  destination: z.string().max(255),
  address: z.string().max(64),
  port: z.number().int().min(1).max(65_535),
  resolve_ms: length,
  sent_at: z.string().max(40),
  version: whole(0, 7),
  leap: whole(0, 3),
  stratum: whole(0, 255),
  poll: whole(-128, 127),
  precision: whole(-128, 127),
  root_delay_ms: length,
  root_dispersion_ms: length,
  reference_id: z.string().max(15).nullable(),
  reference_time: z.string().max(40).nullable(),
  offset_ms: ms,
  error_ms: length,
  delay_ms: ms,
  error: word,
});

export const ntpFormat = jsonFormat({
  name: 'ntp',
  list: 'exchanges',
  entry: exchange,
  maxEntries: MAX_SERVERS * MAX_SAMPLES,
  summaryOf: (found) => ({
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
});
