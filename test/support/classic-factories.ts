import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { HttpClient } from './client.js';
import type { Operation } from './classic-types.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const LOCATION = { longitude: -58.3816, latitude: -34.6037 };
/** No probe, user or operation has it. */
export const UNKNOWN_ID = 'f'.repeat(24);

export function credentials(overrides: Record<string, unknown> = {}) {
  return { email: `${randomUUID()}@example.org`, password: 'Correct-Horse-7', ...overrides };
}

/** `dd/mm/YYYY HH:MM` in UTC. */
export function classicTime(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${two(at.getUTCDate())}/${two(at.getUTCMonth() + 1)}/${String(at.getUTCFullYear())}`;
  return `${date} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
}

export const inDays = (days: number): Date => new Date(Date.now() + days * DAY);

/** A schedule that is not due once before its end, so it counts as one run: no test can meet a cron time by accident. */
export function onceAtMost(): { cron: string; stop_time: string; times_per_minute: number } {
  const due = inDays(10);
  return {
    cron: `${due.getUTCMinutes()} ${due.getUTCHours()} ${due.getUTCDate()} ${due.getUTCMonth() + 1} *`,
    stop_time: classicTime(inDays(2)),
    times_per_minute: 1,
  };
}

/**
 * A daily schedule whose times are far from now.
 * @param days number of its times before the stop
 * @param afterLast how long after a cron time it stops, in minutes; 0: just at one, which does not count any more
 */
export function daily(days: number, afterLast = 0): { cron: string; stop_time: string } {
  const first = Date.now() + 12 * HOUR;
  const at = new Date(first);
  return {
    cron: `${at.getUTCMinutes()} ${at.getUTCHours()} * * *`,
    stop_time: classicTime(new Date(first + days * DAY + afterLast * MINUTE)),
  };
}

export type Kind = 'ping' | 'traceroute' | 'dns';

const DESTINATIONS: Record<Kind, Record<string, unknown>> = {
  ping: { ips: ['192.0.2.1'] },
  traceroute: { ips: ['192.0.2.1'] },
  dns: { fqdns: ['example.org'] },
};

/** The body of a creation: one destination, one run. */
export function creation(kind: Kind, probes: string[], params: Record<string, unknown> = {}) {
  return { operation: kind, probes, params: { ...DESTINATIONS[kind], ...onceAtMost(), ...params } };
}

/** @throws Error when it is not created */
export async function create(
  api: HttpClient,
  kind: Kind,
  probes: string[],
  params: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
): Promise<Operation> {
  const { status, text, body } = await api.post<Operation>(`/${kind}`, {
    ...creation(kind, probes, params),
    ...more,
  });
  if (status !== 201) throw new Error(`POST /${kind}: ${String(status)} ${text}`);
  return body;
}

export interface ResultMessage {
  operation_id: string;
  content: Uint8Array | string;
  unique_code: string;
  format: string;
}

export function gzipResult(operationId: string, overrides: Partial<ResultMessage> = {}): ResultMessage {
  return {
    operation_id: operationId,
    content: gzipSync('; <<>> DiG <<>> example.org\n'),
    unique_code: randomUUID(),
    format: 'gzip',
    ...overrides,
  };
}
