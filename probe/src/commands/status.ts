import { STATUS_FILE_EVERY_MS, type ProbeStatus, readStatus } from '../status/status.file.js';

export type Shown = ({ running_now: true } & ProbeStatus) | ({ running_now: false } & Partial<ProbeStatus>);

/** What the probe of this folder does; a status that was not renewed is one of the past. */
export async function showStatus(folder: string, now: number): Promise<Shown> {
  const status = await readStatus(folder);
  if (status === null) return { running_now: false };
  const age = now - Date.parse(status.written_at);
  return { ...status, running_now: Math.abs(age) < 4 * STATUS_FILE_EVERY_MS };
}

/** @param offset the true time minus this clock's, ms */
export function describeOffset(offset: number): string {
  return `${Math.abs(Math.round(offset * 1000) / 1000)} ms ${offset < 0 ? 'ahead' : 'behind'}`;
}

/** For people. */
export function describeStatus(shown: Shown): string {
  if (shown.written_at === undefined) return 'No probe has run with this data folder.';
  const status = shown as ProbeStatus;
  const clock =
    status.clock.offset_ms === null
      ? 'unknown'
      : `${describeOffset(status.clock.offset_ms)}, ± ${status.clock.error_ms ?? '?'} ms (${status.clock.source}, ${status.clock.age_s ?? '?'} s ago)`;
  const lines = [
    shown.running_now ? `running (pid ${status.pid})` : `not running; last seen ${status.written_at}`,
    `server      ${status.server}: ${status.connected ? 'connected' : 'not connected'}`,
    `clock       ${clock}`,
    `operations  ${status.operations}; ${status.running} running, ${status.waiting} waiting`,
    `backlog     ${status.backlog.results} results, ${status.backlog.bytes} bytes; ${status.failed_to_report} stretches of failed runs`,
    `delivered   ${status.delivered}, refused by the server ${status.refused}`,
    ...(status.held_by === null ? [] : [`held        ${status.held_by}`]),
    ...status.next_runs.map(({ operation_id, at }) => `next        ${at} ${operation_id}`),
    ...status.problems.map(({ at, message }) => `problem     ${at} ${message}`),
  ];
  return lines.join('\n');
}
