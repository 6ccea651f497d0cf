import { z } from 'zod';
import { type Destination } from './destinations.js';
import { FAILURE_REASONS } from './failures.js';
import { probeSchedule } from './schedule/schedule.schema.js';

/**
 * The messages of docs/protocol.md, version 2, each stated once: what a probe sends as the server checks it, what the server sends as
 * the probe checks it. Who sends takes the type of the message from its schema.
 */
export const PROTOCOL_VERSION = 2;
export const PROBE_NAMESPACE = '/probe';

/** Items in one `results` or `failed` message. */
export const MAX_BATCH_ITEMS = 100;
/** Bytes of `content` in one `results` message. */
export const MAX_BATCH_BYTES = 8 * 1024 * 1024;
export const MAX_DETAIL_LENGTH = 500;
/** Operations whose backlog a probe reports by themselves. */
export const MAX_BACKLOG_OPERATIONS = 100;
export const MAX_VERSION_LENGTH = 32;
/** Credits that a probe may have in use at once. */
export const MAX_CREDITS = 1_000_000_000;
export const DEFAULT_TOTAL_CREDITS = 1000;

/** Operations that one acknowledgement of a sync may refuse, and ids that one sync may stop. */
const MAX_IDS = 100_000;
const MAX_RUN_MS = 86_400_000;
/** A clock that is further off than a hundred years is a number that somebody made up. */
const MAX_OFFSET_MS = 100 * 365 * 86_400_000;
const MAX_WAIT_MS = 3_600_000;

const idFromProbe = z.string().regex(/^[0-9a-f]{24}$/, { error: 'must be 24 hexadecimal digits' });
const timeFromProbe = z.iso
  .datetime({ error: 'must be an RFC 3339 time in UTC' })
  .transform((text) => new Date(text));
const bytes = z
  .instanceof(Uint8Array)
  .transform((view) => Buffer.from(view.buffer, view.byteOffset, view.length));

const idToProbe = z.string().regex(/^[0-9a-f]{24}$/i);
const timeToProbe = z.iso.datetime({ offset: true });

/** The acknowledgement of a message that could not be carried out, either way. */
export interface RequestError {
  error: { code: string; message: string; field?: string };
}

// ---- what a probe sends

export const CLOCK_SOURCES = ['ntp', 'socket', 'none'] as const;

/** What a result says about the clock that stamped it: the true time, as the platform knows it, minus the probe's, in ms. */
export const clockEstimate = z.object({
  offset_ms: z.number().min(-MAX_OFFSET_MS).max(MAX_OFFSET_MS).nullable(),
  error_ms: z.number().nonnegative().nullable(),
  source: z.enum(CLOCK_SOURCES),
  age_s: z.number().nonnegative().nullable(),
  /** of the time server, where one was asked */
  stratum: z.number().int().min(1).max(15).nullish(),
});
export type ClockEstimate = z.infer<typeof clockEstimate>;

/** Its `auth`. */
export const handshake = z.object({
  token: z.string().max(4096),
  protocol: z.literal(PROTOCOL_VERSION),
  version: z.string().max(MAX_VERSION_LENGTH),
  capabilities: z.looseObject({
    kinds: z.array(z.string().max(32)).max(64),
    ipv4: z.boolean().optional(),
    ipv6: z.boolean().optional(),
  }),
  total_credits: z.number().int().min(0).max(MAX_CREDITS).default(DEFAULT_TOTAL_CREDITS),
  /** it understands `part` and `more` of a full sync */
  sync_parts: z.boolean().default(false),
});

/** Of `results`. */
export const resultItem = z.object({
  operation_id: idFromProbe,
  scheduled_at: timeFromProbe,
  started_at: timeFromProbe,
  duration_ms: z.number().min(0).max(MAX_RUN_MS),
  clock: clockEstimate,
  /** that of the operation's kind */
  format: z.string(),
  content: bytes,
  /** of each destination asked for, in order; read by itself (readDestinations), the result does not depend on it */
  destinations: z.unknown().optional(),
});
export type ResultItem = Omit<z.input<typeof resultItem>, 'content' | 'destinations'> & {
  content: Buffer;
  destinations?: Destination[];
};

/** Of `failed`. */
export const failedItem = z.object({
  operation_id: idFromProbe,
  scheduled_at: timeFromProbe,
  reason: z.enum(FAILURE_REASONS),
  detail: z.string().max(MAX_DETAIL_LENGTH).default(''),
  clock: clockEstimate,
});
export type FailedItem = z.input<typeof failedItem> & { detail: string };

/** Whether the host has a way to others over IPv4, and over IPv6. */
const families = z.object({ ipv4: z.boolean(), ipv6: z.boolean() });
export type Families = z.infer<typeof families>;

export const status = z.object({
  /** results that the server does not have yet: in all, and of the operations with the most */
  backlog: z.object({
    results: z.number().int().min(0),
    bytes: z.number().min(0),
    by_operation: z
      .record(idFromProbe, z.number().int().min(0))
      .refine((counts) => Object.keys(counts).length <= MAX_BACKLOG_OPERATIONS, {
        error: `must have at most ${MAX_BACKLOG_OPERATIONS} operations`,
      })
      .optional(),
  }),
  running: z.number().int().min(0),
  in_use_credits: z.number().int().min(0).max(MAX_CREDITS),
  clock: clockEstimate,
  families: families.optional(),
});
export type ProbeStatus = z.infer<typeof status>;

/** The acknowledgement of a `sync`. */
export const syncAnswer = z.object({
  refused: z
    .array(z.object({ operation_id: idFromProbe, reason: z.string().max(MAX_DETAIL_LENGTH) }))
    .max(MAX_IDS)
    .default([]),
  /** it could not carry it out */
  error: z.undefined().optional(),
});
export type SyncAnswer = Pick<z.infer<typeof syncAnswer>, 'refused'>;

// ---- what the server sends

/** Of `sync`. */
export const operationSchema = z.object({
  operation_id: idToProbe,
  kind: z.string().max(32),
  params: z.record(z.string(), z.unknown()),
  schedule: probeSchedule,
  cost_per_run: z.int().min(0),
});
export type Operation = z.infer<typeof operationSchema>;

/** Operations are read one by one: one that is broken is refused and does not take the others with it. */
export const syncSchema = z.object({
  /** grows with each sync of one connection */
  revision: z.union([z.int(), z.string()]).optional(),
  full: z.boolean(),
  /** of a full sync to a probe that knows parts: from 1 */
  part: z.int().min(1).optional(),
  /** further parts follow */
  more: z.boolean().optional(),
  operations: z.array(z.unknown()),
  stopped: z.array(idToProbe).max(MAX_IDS).default([]),
});
export type Sync = Omit<z.infer<typeof syncSchema>, 'operations'> & { operations: Operation[] };

export const stopSchema = z.object({ operation_id: idToProbe, reason: z.string().optional() });
export type Stop = z.infer<typeof stopSchema>;

export const reconnectSchema = z.object({ after_ms: z.number().min(0).max(MAX_WAIT_MS) });
export type Reconnect = z.infer<typeof reconnectSchema>;

export const errorAnswerSchema = z.object({
  error: z.object({ code: z.string(), message: z.string().default('') }),
});

const itemAnswer = z.object({
  status: z.enum(['stored', 'duplicate', 'refused', 'busy']),
  reason: z.string().optional(),
  retry_after_ms: z.number().min(0).max(MAX_WAIT_MS).optional(),
});
export type ItemAnswer = z.infer<typeof itemAnswer>;

/** The acknowledgement of `results` and `failed`, item by item. */
export const itemsAnswerSchema = z.object({ items: z.array(itemAnswer).max(MAX_BATCH_ITEMS) });

/** The acknowledgement of `status`: when it came in, when the answer went out, and how far the server's clock is off itself. */
export const statusAnswerSchema = z.object({
  server_time: timeToProbe,
  received_at: timeToProbe.optional(),
  clock: z
    .object({
      offset_ms: z.number().nullable(),
      error_ms: z.number().nonnegative().nullable(),
      source: z.string().optional(),
    })
    .optional(),
  report: z
    .object({
      at: timeToProbe,
      // shares of 0 to 1 over a week; null: there is no basis
      uptime: z.number().nullable(),
      share: z.number().nullable(),
      due: z.number().nonnegative(),
      came: z.number().nonnegative(),
    })
    .optional()
    // a probe needs none of it
    .catch(undefined),
});
export type StatusAnswer = z.infer<typeof statusAnswerSchema>;

/** `data` of the error with which a handshake is refused. */
export const connectErrorSchema = z.object({
  code: z.enum(['invalid_token', 'unsupported_protocol', 'invalid_handshake', 'forbidden']),
  message: z.string(),
});
