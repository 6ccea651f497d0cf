import { FAILURE_REASONS } from '@pladmed/protocol';
import { z } from 'zod';
import { KIND_FORMATS, type KindFormat } from '../../measurement/kinds/index.js';
import { MAX_CREDITS } from '../../core/probes/index.js';
import { type ProbeSchedule } from '../../measurement/schedule/schedule.js';

/**
 * The constants and messages of docs/protocol.md, version 2: both directions, in one file. What a probe sends is untrusted
 * and goes through a schema; what we send is typed.
 */
export const PROTOCOL_VERSION = 2;
export const PROBE_NAMESPACE = '/probe';
export const MAX_BATCH_ITEMS = 100;
export const MAX_BATCH_BYTES = 8 * 1024 * 1024;
export const MAX_DETAIL_LENGTH = 500;
export const DEFAULT_TOTAL_CREDITS = 1000;
export { FAILURE_REASONS };
export const NATIVE_FORMATS = Object.keys(KIND_FORMATS) as KindFormat[];

/** Operations whose backlog a probe reports by themselves. */
export const MAX_BACKLOG_OPERATIONS = 100;

/** A part of a sync has at most so many operations, and so many bytes of them, or is one operation. */
export const SYNC_PART = { items: 500, bytes: 256 * 1024 } as const;
/**
 * A probe that does not know parts drops what a full sync does not name, so it gets everything in one message while that is less
 * than the 16 MiB that it has to take.
 */
export const SYNC_WHOLE = { items: 10_000, bytes: 16 * 1024 * 1024 - 64 * 1024 } as const;

const MAX_MS = 86_400_000;
/** Operations that one acknowledgement of a sync may refuse. */
const MAX_REFUSED = 100_000;
const MAX_OFFSET_MS = 100 * 365 * 86_400_000;

const id = z.string().regex(/^[0-9a-f]{24}$/, { error: 'must be 24 hexadecimal digits' });
const time = z.iso.datetime({ error: 'must be an RFC 3339 time in UTC' }).transform((text) => new Date(text));
const bytes = z
  .instanceof(Uint8Array)
  .transform((view) => Buffer.from(view.buffer, view.byteOffset, view.length));

const clock = z.object({
  // a clock that is further off than a hundred years is a number that somebody made up
  offset_ms: z.number().min(-MAX_OFFSET_MS).max(MAX_OFFSET_MS).nullable(),
  error_ms: z.number().nonnegative().nullable(),
  source: z.enum(['ntp', 'socket', 'none']),
  age_s: z.number().nonnegative().nullable(),
  stratum: z.number().int().min(1).max(15).nullish(),
});

export const handshake = z.object({
  token: z.string().max(4096),
  protocol: z.literal(PROTOCOL_VERSION),
  version: z.string().max(32),
  capabilities: z.looseObject({
    kinds: z.array(z.string().max(32)).max(64),
    ipv4: z.boolean().optional(),
    ipv6: z.boolean().optional(),
  }),
  total_credits: z.number().int().min(0).max(MAX_CREDITS).default(DEFAULT_TOTAL_CREDITS),
  /** it understands `part` and `more` of a full sync */
  sync_parts: z.boolean().default(false),
});

export const resultItem = z.object({
  operation_id: id,
  scheduled_at: time,
  started_at: time,
  duration_ms: z.number().min(0).max(MAX_MS),
  clock,
  // which of them it has to be depends on the operation
  format: z.enum(NATIVE_FORMATS),
  content: bytes,
  // read by itself: the result does not depend on it
  destinations: z.unknown().optional(),
});

export const failedItem = z.object({
  operation_id: id,
  scheduled_at: time,
  reason: z.enum(FAILURE_REASONS),
  detail: z.string().max(MAX_DETAIL_LENGTH).default(''),
  clock,
});

export const status = z.object({
  backlog: z.object({
    results: z.number().int().min(0),
    bytes: z.number().min(0),
    by_operation: z
      .record(id, z.number().int().min(0))
      .refine((counts) => Object.keys(counts).length <= MAX_BACKLOG_OPERATIONS, {
        error: `must have at most ${MAX_BACKLOG_OPERATIONS} operations`,
      })
      .optional(),
  }),
  running: z.number().int().min(0),
  in_use_credits: z.number().int().min(0).max(MAX_CREDITS),
  clock,
  families: z.object({ ipv4: z.boolean(), ipv6: z.boolean() }).optional(),
});

export type ProbeStatus = z.infer<typeof status>;

/** Lets a probe compare its clock with the server's, and through it with the server's time server. */
export interface StatusAnswer {
  received_at: string;
  server_time: string;
  /** of the server's own clock, against its time server */
  clock: { offset_ms: number | null; error_ms: number | null; source: 'ntp' | 'none' };
}

export interface ItemAnswer {
  status: 'stored' | 'duplicate' | 'refused' | 'busy';
  reason?: string;
  retry_after_ms?: number;
}

export interface ProtocolError {
  error: { code: string; message: string; field?: string };
}

export interface WireOperation {
  operation_id: string;
  kind: string;
  params: Record<string, unknown>;
  schedule: ProbeSchedule;
  cost_per_run: number;
}

export interface Sync {
  /** grows with each sync of one connection */
  revision: number;
  full: boolean;
  /** of a full sync to a probe that knows parts: from 1 */
  part?: number;
  /** further parts follow */
  more?: boolean;
  operations: WireOperation[];
  stopped: string[];
}

export const syncAnswer = z.object({
  refused: z
    .array(z.object({ operation_id: id, reason: z.string().max(MAX_DETAIL_LENGTH) }))
    .max(MAX_REFUSED)
    .default([]),
  /** it could not carry it out */
  error: z.undefined().optional(),
});

export interface ServerToProbe {
  sync: (message: Sync, acknowledge: (answer: unknown) => void) => void;
  stop: (message: { operation_id: string; reason: string }, acknowledge: (answer: unknown) => void) => void;
  reconnect: (message: { after_ms: number }, acknowledge: (answer: unknown) => void) => void;
}

export interface ProbeToServer {
  results: (items: unknown, acknowledge: (answer: { items: ItemAnswer[] } | ProtocolError) => void) => void;
  failed: (items: unknown, acknowledge: (answer: { items: ItemAnswer[] } | ProtocolError) => void) => void;
  status: (message: unknown, acknowledge: (answer: StatusAnswer | ProtocolError) => void) => void;
}
