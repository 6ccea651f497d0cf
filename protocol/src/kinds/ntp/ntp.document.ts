import { z } from 'zod';
import { defineDocument } from '../../documents/document.js';

/** Time servers of one run. */
export const MAX_SERVERS = 100;
/** Questions to each of them. */
export const MAX_SAMPLES = 10;

const ms = z.number().nullable();
const length = z.number().min(0).nullable();
const word = z.string().max(256).nullable();
const whole = (least: number, most: number) => z.number().int().min(least).max(most).nullable();

/** One question to a time server, and what came of it; docs/protocol.md, format `ntp`. */
export const ntpEntry = z.looseObject({
  destination: z.string().max(255),
  address: z.string().max(64),
  port: z.number().int().min(1).max(65_535),
  resolve_ms: length,
  sent_at: z.string().max(40),
  version: whole(0, 7),
  leap: whole(0, 3),
  stratum: whole(0, 255),
  /** Of older probes: an echo of their own request, of which nothing follows. */
  poll: whole(-128, 127).optional(),
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

export const ntpDocument = defineDocument({
  name: 'ntp',
  list: 'exchanges',
  entry: ntpEntry,
  maxEntries: MAX_SERVERS * MAX_SAMPLES,
});
