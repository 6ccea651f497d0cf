import { type Destination, FAILURE_REASONS, type FailureReason, probeSchedule } from '@pladmed/protocol';
import { z } from 'zod';

/**
 * The probe protocol, version 2: its numbers, its words and its messages. docs/protocol.md is normative; the server
 * holds the same numbers in a file of its own, and a test compares the two.
 */
export const PROTOCOL = {
  version: 2,
  namespace: '/probe',
  path: '/socket.io/',
  /** Items in one `results` or `failed` message. */
  maxBatchItems: 100,
  /** Bytes of `content` in one `results` message. */
  maxBatchBytes: 8 * 1024 * 1024,
  maxDetailLength: 500,
  maxBacklogOperations: 100,
  maxVersionLength: 32,
  defaultTotalCredits: 1000,
  statusIntervalMs: 60_000,
  /** The least wait before a probe with a refused token tries again. */
  invalidTokenRetryMs: 5_000,
} as const;

export { FAILURE_REASONS, type FailureReason };
export type { ProbeSchedule as Schedule } from '@pladmed/protocol';

export const CLOCK_SOURCES = ['ntp', 'socket', 'none'] as const;

/** What a result says about the clock that stamped it: the true time, as the platform knows it, minus the probe's, in ms. */
export interface ClockEstimate {
  offset_ms: number | null;
  error_ms: number | null;
  source: (typeof CLOCK_SOURCES)[number];
  age_s: number | null;
  /** Of the time server, where one was asked. */
  stratum?: number | null | undefined;
}

export interface ResultItem {
  operation_id: string;
  scheduled_at: string;
  started_at: string;
  duration_ms: number;
  clock: ClockEstimate;
  /** That of the operation's kind. */
  format: string;
  content: Buffer;
  /** Of each destination asked for, in order, where the format does not say it. */
  destinations?: Destination[];
}

export interface FailedItem {
  operation_id: string;
  scheduled_at: string;
  reason: FailureReason;
  detail: string;
  clock: ClockEstimate;
}

const id = z.string().regex(/^[0-9a-f]{24}$/i);
const time = z.iso.datetime({ offset: true });

export const operationSchema = z.object({
  operation_id: id,
  kind: z.string().max(32),
  params: z.record(z.string(), z.unknown()),
  schedule: probeSchedule,
  cost_per_run: z.int().min(0),
});
export type Operation = z.infer<typeof operationSchema>;

/** Ids in one `sync`. */
const MOST_STOPPED = 100_000;

/** Operations are read one by one: one that is broken is refused and does not take the others with it. */
export const syncSchema = z.object({
  revision: z.union([z.int(), z.string()]).optional(),
  full: z.boolean(),
  /** Which part of a full sync this is, from 1; without it the sync is one message. */
  part: z.int().min(1).optional(),
  /** Further parts follow. */
  more: z.boolean().optional(),
  operations: z.array(z.unknown()),
  stopped: z.array(id).max(MOST_STOPPED).default([]),
});

export const stopSchema = z.object({ operation_id: id, reason: z.string().optional() });
export const reconnectSchema = z.object({ after_ms: z.number().min(0).max(3_600_000) });

export interface SyncAnswer {
  refused: { operation_id: string; reason: string }[];
}

export interface RequestError {
  error: { code: string; message: string; field?: string };
}

export const errorAnswerSchema = z.object({
  error: z.object({ code: z.string(), message: z.string().default('') }),
});

export const itemsAnswerSchema = z.object({
  items: z
    .array(
      z.object({
        status: z.enum(['stored', 'duplicate', 'refused', 'busy']),
        reason: z.string().optional(),
        retry_after_ms: z.number().min(0).max(3_600_000).optional(),
      }),
    )
    .max(PROTOCOL.maxBatchItems),
});
export type ItemAnswer = z.infer<typeof itemsAnswerSchema>['items'][number];

/** The server's clock: when the status came in, when its answer went out, and how far that clock is off itself. */
export const statusAnswerSchema = z.object({
  server_time: time,
  received_at: time.optional(),
  clock: z
    .object({ offset_ms: z.number().nullable(), error_ms: z.number().nonnegative().nullable() })
    .optional(),
});
export type StatusAnswer = z.infer<typeof statusAnswerSchema>;

/** Whether the host has a way to others over IPv4, and over IPv6. */
export interface Families {
  ipv4: boolean;
  ipv6: boolean;
}

/** Results that the server does not have yet: in all, and of the operations with the most. */
export interface Backlog {
  results: number;
  bytes: number;
  by_operation: Record<string, number>;
}

export interface StatusReport {
  backlog: Backlog;
  running: number;
  in_use_credits: number;
  clock: ClockEstimate;
  families: Families;
}

export const connectErrorSchema = z.object({
  code: z.enum(['invalid_token', 'unsupported_protocol', 'invalid_handshake']),
  message: z.string(),
});

/** Events that the server sends; every one is acknowledged. Payloads are unknown until they are checked. */
export interface ServerToProbe {
  sync: (message: unknown, ack?: (answer: SyncAnswer | RequestError) => void) => void;
  stop: (message: unknown, ack?: (answer: Record<string, never> | RequestError) => void) => void;
  reconnect: (message: unknown, ack?: (answer: Record<string, never> | RequestError) => void) => void;
}

/** Events that the probe sends. */
export interface ProbeToServer {
  results: (items: ResultItem[], ack: (answer: unknown) => void) => void;
  failed: (items: FailedItem[], ack: (answer: unknown) => void) => void;
  status: (report: StatusReport, ack: (answer: unknown) => void) => void;
}

export interface Handshake {
  token: string;
  protocol: number;
  version: string;
  capabilities: Families & { kinds: string[] };
  total_credits: number;
  /** A full sync may come in parts. */
  sync_parts: true;
}
