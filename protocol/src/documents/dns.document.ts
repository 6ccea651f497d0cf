import { z } from 'zod';
import { defineDocument } from './document.js';

/** Query messages of one run, and messages of their answers. */
export const MAX_QUERIES = 10_000;

/** One query message, and what came back; docs/protocol.md, format `dns`. */
export const dnsEntry = z.looseObject({
  name: z.string().max(255),
  type: z.string().max(16),
  resolver: z.string().max(64),
  transport: z.enum(['udp', 'tcp']),
  rtt_ms: z.number().nullable(),
  response: z.string().nullable(),
  error: z.string().nullish(),
});

export const dnsDocument = defineDocument({
  name: 'dns',
  list: 'queries',
  entry: dnsEntry,
  maxEntries: MAX_QUERIES,
});
