import {
  DEFAULT_TOTAL_CREDITS,
  type Families,
  type FailedItem,
  type handshake,
  MAX_BACKLOG_OPERATIONS,
  MAX_BATCH_BYTES,
  MAX_BATCH_ITEMS,
  MAX_DETAIL_LENGTH,
  MAX_VERSION_LENGTH,
  PROBE_NAMESPACE,
  type ProbeStatus,
  PROTOCOL_VERSION,
  type RequestError,
  type ResultItem,
  type SyncAnswer,
} from '@pladmed/protocol';
import type { z } from 'zod';

export {
  CLOCK_SOURCES,
  type ClockEstimate,
  connectErrorSchema,
  errorAnswerSchema,
  FAILURE_REASONS,
  type FailedItem,
  type FailureReason,
  type Families,
  type ItemAnswer,
  itemsAnswerSchema,
  type Operation,
  operationSchema,
  type ProbeSchedule as Schedule,
  reconnectSchema,
  type RequestError,
  type ResultItem,
  type StatusAnswer,
  statusAnswerSchema,
  stopSchema,
  type SyncAnswer,
  syncSchema,
} from '@pladmed/protocol';

/** Numbers of the probe protocol (docs/protocol.md), and those that are the probe's own. */
export const PROTOCOL = {
  version: PROTOCOL_VERSION,
  namespace: PROBE_NAMESPACE,
  path: '/socket.io/',
  maxBatchItems: MAX_BATCH_ITEMS,
  maxBatchBytes: MAX_BATCH_BYTES,
  maxDetailLength: MAX_DETAIL_LENGTH,
  maxBacklogOperations: MAX_BACKLOG_OPERATIONS,
  maxVersionLength: MAX_VERSION_LENGTH,
  defaultTotalCredits: DEFAULT_TOTAL_CREDITS,
  statusIntervalMs: 60_000,
  /** The least wait before a probe with a refused token tries again. */
  invalidTokenRetryMs: 5_000,
} as const;

/** Results that the server does not have yet: in all, and of the operations with the most. */
export type Backlog = Required<ProbeStatus['backlog']>;

export type StatusReport = ProbeStatus & { backlog: Backlog; families: Families };

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

/** What this probe says of itself: more than the protocol asks for. */
export type Handshake = Required<z.input<typeof handshake>> & {
  capabilities: Families & { kinds: string[] };
};
