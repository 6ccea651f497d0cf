import { z } from 'zod';
import { jsonFormat } from '../../../results/formats/json.format.js';

/** docs/protocol.md, format `dns`. Members that this server does not know stay in the raw bytes and are shown. */
const query = z.looseObject({
  name: z.string().max(255),
  type: z.string().max(16),
  resolver: z.string().max(64),
  transport: z.enum(['udp', 'tcp']),
  rtt_ms: z.number().nullable(),
  response: z.string().nullable(),
  error: z.string().nullish(),
});

/** RFC 1035, section 4.1.1, and the IANA registry of DNS RCODEs. */
const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];
const HEADER_BYTES = 12;

export const dnsFormat = jsonFormat({
  name: 'dns',
  list: 'queries',
  entry: query,
  maxEntries: 10_000,
  summaryOf: ({ name, type, resolver, transport, rtt_ms, response, error }) => {
    const header = response === null ? undefined : headerOf(Buffer.from(response, 'base64'));
    return {
      type: 'dns',
      name,
      qtype: type,
      resolver,
      transport,
      rtt_ms,
      rcode: header?.rcode ?? null,
      answers: header?.answers ?? null,
      error: error ?? null,
    };
  },
});

function headerOf(message: Buffer): { rcode: string; answers: number } | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const code = message.readUInt8(3) & 0x0f;
  return { rcode: RCODES[code] ?? `RCODE${code}`, answers: message.readUInt16BE(6) };
}
