import { z } from 'zod';
import { defineDocument } from '../../documents/document.js';

/** Destinations of one run: with all their replies they have to be one document. */
export const MAX_MTR_DESTINATIONS = 100;
/** Packets to each hop. */
export const MAX_MTR_PACKETS = 16;
/** Hops of a path, as traceroute(8) and mtr(8) have it. */
export const MAX_MTR_HOPS = 30;
/** A packet may be answered more than once. */
const MAX_REPLIES = 4 * MAX_MTR_PACKETS;

const address = z.string().max(64);

const hop = z.looseObject({
  ttl: z.number().int().min(1).max(MAX_MTR_HOPS),
  sent: z.number().int().min(0).max(MAX_MTR_PACKETS),
  /** In the order of their packets; a packet that was answered twice is here twice, with the same number (from 1). */
  replies: z
    .array(
      z.looseObject({
        packet: z.number().int().min(1).max(MAX_MTR_PACKETS),
        address,
        rtt_ms: z.number().min(0),
      }),
    )
    .max(MAX_REPLIES),
});

/** The path to one destination, each hop probed several times; docs/protocol.md, format `mtr`. */
export const mtrEntry = z.looseObject({
  destination: z.string().max(255),
  address: address.nullable(),
  resolve_ms: z.number().min(0).nullable(),
  /** Of the probe. */
  source: address.nullable(),
  sent_at: z.string().max(40).nullable(),
  packets: z.number().int().min(1).max(MAX_MTR_PACKETS),
  reached: z.boolean(),
  /** As scamper names it; null where nothing was sent. */
  stop_reason: z.string().max(40).nullable(),
  hops: z.array(hop).max(MAX_MTR_HOPS),
  error: z.string().max(256).nullable(),
});
export type MtrEntry = z.infer<typeof mtrEntry>;

export const mtrDocument = defineDocument({
  name: 'mtr',
  list: 'reports',
  entry: mtrEntry,
  maxEntries: MAX_MTR_DESTINATIONS,
});
