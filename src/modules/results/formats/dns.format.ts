import { z } from 'zod';
import { type Summary } from '../result.schema.js';
import { type Digest, type Format, MAX_SUMMARIES } from './format.js';

/** docs/protocol.md, format `dns`. Members that this server does not know stay in the raw bytes and are shown. */
const document = z.looseObject({
  version: z.literal(1),
  queries: z
    .array(
      z.looseObject({
        name: z.string().max(255),
        type: z.string().max(16),
        resolver: z.string().max(64),
        transport: z.enum(['udp', 'tcp']),
        rtt_ms: z.number().nullable(),
        response: z.string().nullable(),
        error: z.string().nullish(),
      }),
    )
    .max(10_000),
});

/** RFC 1035, section 4.1.1, and the IANA registry of DNS RCODEs. */
const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];
const HEADER_BYTES = 12;

export const dnsFormat: Format = {
  digest(raw: Buffer): Digest {
    const parsed = parse(raw);
    if (typeof parsed === 'string') return { summary: [], error: parsed };
    return { summary: parsed.queries.slice(0, MAX_SUMMARIES).map(summaryOf) };
  },

  present(raw: Buffer): string {
    const parsed = parse(raw);
    return typeof parsed === 'string' ? JSON.stringify('') : JSON.stringify(parsed.queries);
  },
};

function parse(raw: Buffer): z.infer<typeof document> | string {
  try {
    const parsed = document.safeParse(JSON.parse(raw.toString('utf8')));
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    return `dns: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`;
  } catch {
    return 'dns: not JSON';
  }
}

function summaryOf(query: z.infer<typeof document>['queries'][number]): Summary {
  const header = query.response === null ? undefined : headerOf(Buffer.from(query.response, 'base64'));
  return {
    type: 'dns',
    name: query.name,
    qtype: query.type,
    resolver: query.resolver,
    transport: query.transport,
    rtt_ms: query.rtt_ms,
    rcode: header?.rcode ?? null,
    answers: header?.answers ?? null,
    error: query.error ?? null,
  };
}

function headerOf(message: Buffer): { rcode: string; answers: number } | undefined {
  if (message.length < HEADER_BYTES) return undefined;
  const code = message.readUInt8(3) & 0x0f;
  return { rcode: RCODES[code] ?? `RCODE${code}`, answers: message.readUInt16BE(6) };
}
