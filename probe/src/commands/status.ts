import { isFolderLocked } from '../store/lock.js';
import { type ProbeStatus, readStatus, STATUS_FILE_EVERY_MS } from '../status/status.file.js';

interface Liveness {
  /** A process holds the folder at this moment. */
  running_now: boolean;
  /** How old the rest is, in seconds; null when no probe has ever written it. */
  status_age_s: number | null;
}

export type Shown = Liveness | (Liveness & ProbeStatus);

/** A running probe writes every few seconds: one that has not for so long hangs, or its disk is full. */
const SILENT_S = (4 * STATUS_FILE_EVERY_MS) / 1000;
/** What ends with the process, whatever the file says: a probe that was killed could not take it back. */
const NOT_RUNNING = { connected: false, running: 0, waiting: 0, next_runs: [] } as const;

/**
 * What the probe of this folder does. Whether it runs is asked of the folder's lock: true in the moment of the question.
 * @param folder its real path
 * @param now the wall clock that the probe stamps its file by
 */
export async function showStatus(folder: string, now: number): Promise<Shown> {
  const [running_now, status] = await Promise.all([isFolderLocked(folder), readStatus(folder)]);
  if (status === null) return { running_now, status_age_s: null };
  const status_age_s = Math.max(0, Math.round((now - Date.parse(status.written_at)) / 1000));
  return { ...status, ...(running_now ? {} : { ...NOT_RUNNING, next_runs: [] }), running_now, status_age_s };
}

/** @param offset the true time minus this clock's, ms */
export function describeOffset(offset: number): string {
  return `${Math.abs(Math.round(offset * 1000) / 1000)} ms ${offset < 0 ? 'ahead' : 'behind'}`;
}

/** For people. */
export function describeStatus(shown: Shown): string {
  if (!('written_at' in shown))
    return shown.running_now
      ? 'running; it has not said anything yet'
      : 'No probe has run with this data folder.';
  const status = shown;
  const clock =
    status.clock.offset_ms === null
      ? 'unknown'
      : `${describeOffset(status.clock.offset_ms)}, ± ${status.clock.error_ms ?? '?'} ms (${status.clock.source}${stratumOf(status)}, ${status.clock.age_s ?? '?'} s ago)`;
  const lines = [
    liveness(status),
    `server      ${status.server}: ${status.connected ? 'connected' : 'not connected'}`,
    `clock       ${clock}`,
    ...(status.clock_warning === null ? [] : [`            ${status.clock_warning}`]),
    `reaches     ${reachedOver(status.families)}`,
    // absent in the file of an older probe
    `scamper     ${(status.scamper as string | null | undefined) ?? 'has told no version'}`,
    `operations  ${status.operations}; ${status.running} running, ${status.waiting} waiting`,
    `backlog     ${status.backlog.results} results, ${status.backlog.bytes} bytes; ${status.failed_to_report} stretches of failed runs`,
    `delivered   ${status.delivered}, refused by the server ${status.refused}`,
    ...(status.held_by === null ? [] : [`held        ${status.held_by}`]),
    ...status.next_runs.map(({ operation_id, at }) => `next        ${at} ${operation_id}`),
    ...status.problems.map(({ at, message }) => `problem     ${at} ${message}`),
  ];
  return lines.join('\n');
}

function stratumOf({ clock }: ProbeStatus): string {
  return typeof clock.stratum === 'number' ? `, stratum ${clock.stratum}` : '';
}

/** @param told absent in the file of an older probe */
function reachedOver(told: ProbeStatus['families'] | undefined): string {
  if (told === undefined) return '?';
  const { ipv4, ipv6 } = told;
  const families = [...(ipv4 ? ['IPv4'] : []), ...(ipv6 ? ['IPv6'] : [])];
  return families.length === 0 ? 'nobody: no route, and no address' : families.join(' and ');
}

function liveness({ running_now, status_age_s, written_at, pid }: Liveness & ProbeStatus): string {
  if (!running_now) return `not running; last seen ${written_at}. What follows is of then`;
  if ((status_age_s ?? 0) <= SILENT_S) return `running (pid ${pid})`;
  return `running (pid ${pid}), but silent since ${written_at}: it hangs, or its disk is full. What follows is of then`;
}
