import { z } from 'zod';

/**
 * The socket contract of Globalping probes (0.50.2): both directions, in one file. It is theirs, and does not follow us; what is odd
 * in it stands in docs/globalping.md.
 */
export const GLOBALPING_NAMESPACE = '/probes';

/** A message with a result has 64 KiB of text as a rule; what is larger than this is dropped. */
export const MAX_MESSAGE_BYTES = 256 * 1024;

/** What is stored of a result is read to a depth of 32 (MAX_DOCUMENT_DEPTH), some of it around the result. */
const MAX_DEPTH = 24;
/** Of a value, beside its text. */
const VALUE_BYTES = 2;

/**
 * Holds a message against its bounds before anything else looks at it. It stops where they are broken, and does not recurse: how large and
 * how deep it is, is the probe's choice.
 * @returns the end of a sentence that begins with the message; undefined: it may be read
 */
export function whyTooMuch(message: readonly unknown[]): string | undefined {
  const left: [value: unknown, depth: number][] = [[message, 0]];
  let bytes = 0;
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [value, depth] = next;
    if (depth > MAX_DEPTH) return `must be nested at most ${MAX_DEPTH} deep`;
    bytes += sizeOf(value);
    if (bytes > MAX_MESSAGE_BYTES) return `must have at most ${MAX_MESSAGE_BYTES} bytes`;
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) continue;
    for (const member of Object.values(value)) left.push([member, depth + 1]);
  }
  return undefined;
}

/** Of a list or object what its members have at the least, without looking at them. */
function sizeOf(value: unknown): number {
  if (typeof value === 'string') return VALUE_BYTES + Buffer.byteLength(value);
  if (value instanceof Uint8Array) return value.byteLength;
  if (Array.isArray(value)) return VALUE_BYTES * (1 + value.length);
  if (typeof value !== 'object' || value === null) return VALUE_BYTES;
  return Object.keys(value).reduce((sum, name) => sum + name.length + 2 * VALUE_BYTES, VALUE_BYTES);
}

/** What a probe says of itself at any time. Only the first of them makes it do what it is asked. */
export const READY = 'ready';
export const probeStatus = z.enum([
  'initializing',
  READY,
  'unbuffer-missing',
  'ping-test-failed',
  'icmp-tcp-test-failed',
  'too-many-disconnects',
  'sigterm',
]);
export type ProbeStatusWord = z.infer<typeof probeStatus>;

export const familySupport = z.boolean();

/** Addresses of its resolvers; a private one is the word `private`. */
export const resolvers = z.array(z.string().max(255)).max(1024);

export const statsReport = z.looseObject({
  cpu: z.looseObject({ load: z.array(z.looseObject({ usage: z.number() })).max(4096) }),
  jobs: z.looseObject({ count: z.number() }),
});

/** 24 hexadecimal digits: of the run. */
const measurementId = z.string().regex(/^[\da-f]{24}$/);
/** The place of the request in its run. */
const testId = z
  .string()
  .regex(/^\d{1,4}$/)
  .transform(Number);

const text = z.string().max(MAX_MESSAGE_BYTES);

export const progressMessage = z.object({
  measurementId,
  testId,
  overwrite: z.boolean(),
  result: z.looseObject({ rawOutput: text, rawHeaders: text.optional(), rawBody: text.optional() }),
});

export const resultMessage = z.object({
  measurementId,
  testId,
  result: z.looseObject({ status: z.enum(['finished', 'failed']), rawOutput: text }),
});

/** Of the handshake; all of it strings, and `undefined` where it is not set. */
export const handshakeQuery = z.looseObject({
  version: z.string().max(64),
  uuid: z.string().max(128),
  adoptionToken: z.string().max(4096).optional(),
});

/** From 0.50.0 on. */
export function isSupported(version: string): boolean {
  const [, major, minor] = /^(\d{1,6})\.(\d{1,6})\.\d{1,6}(?:$|[-+])/.exec(version) ?? [];
  if (major === undefined || minor === undefined) return false;
  return Number(major) > 0 || Number(minor) >= 50;
}

export interface MeasurementRequest {
  measurementId: string;
  testId: string;
  measurement: unknown;
}

export interface ServerToGlobalpingProbe {
  'api:connect:isProxy': (message: { isProxy: boolean }) => void;
  'api:connect:location': (message: Record<string, unknown>) => void;
  'api:connect:adoption': (message: {
    message: string;
    adopted: true;
    level?: 'info' | 'warn' | 'error';
  }) => void;
  'probe:measurement:request': (message: MeasurementRequest) => void;
}

export type Acknowledge = (...answer: unknown[]) => void;

export interface GlobalpingProbeToServer {
  'probe:status:update': (status: unknown) => void;
  'probe:isIPv4Supported:update': (isSupported: unknown) => void;
  'probe:isIPv6Supported:update': (isSupported: unknown) => void;
  'probe:dns:update': (list: unknown) => void;
  'probe:stats:report': (report: unknown) => void;
  'probe:measurement:ack': (nothing: unknown, start?: Acknowledge) => void;
  'probe:measurement:progress': (message: unknown) => void;
  'probe:measurement:result': (message: unknown) => void;
  'probe:alt-ips': (list: unknown, acknowledge?: Acknowledge) => void;
  'probe:logs': (message: unknown, acknowledge?: Acknowledge) => void;
  'probe:adoption:ready': (message: unknown) => void;
}

const ONE_MINUTE = 'failed to collect probe metadata';

/** Messages of refused handshakes: how they begin decides when the probe comes back. It logs them, so none repeats its token. */
export const REFUSALS = {
  noToken: `${ONE_MINUTE}: GP_ADOPTION_TOKEN is not the token of a probe of this server. Register a probe (the dashboard, or POST /api/v1/probes), and set GP_ADOPTION_TOKEN to the token that comes back`,
  otherUsesIt: `${ONE_MINUTE}: another probe uses the token in GP_ADOPTION_TOKEN. Stop that one, or register a probe of its own for this one`,
  version: 'invalid probe version: this server needs a Globalping probe of version 0.50.0 or later',
  ending: 'the server is terminating',
  unavailable: `${ONE_MINUTE}: the server cannot check GP_ADOPTION_TOKEN now`,
  /** @param sentence what its owner can do */
  suspended: (sentence: string) => `${ONE_MINUTE}: ${sentence}`,
} as const;
