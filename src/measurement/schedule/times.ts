import { calendarDate } from '@pladmed/protocol';

const STOP_TIME = /^(\d{2})\/(\d{2})\/(\d{4}) (\d{2}):(\d{2})$/;

/** Reads a `stop_time` of the classic contract, `dd/mm/YYYY HH:MM` in UTC; undefined if there is no such time. */
export function parseStopTime(text: string): Date | undefined {
  const parts = STOP_TIME.exec(text);
  if (!parts) return undefined;
  const [day = 0, month = 0, year = 0, hour = 0, minute = 0] = parts.slice(1).map(Number);
  return calendarDate({ year, month, day, hour, minute, second: 0 });
}

/** Writes a time as a `stop_time`; seconds are rounded up to the next minute, so that no cron minute is lost. */
export function formatStopTime(time: Date): string {
  const iso = new Date(Math.ceil(time.getTime() / 60_000) * 60_000).toISOString();
  return `${iso.slice(8, 10)}/${iso.slice(5, 7)}/${iso.slice(0, 4)} ${iso.slice(11, 16)}`;
}
