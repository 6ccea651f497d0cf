const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:Z|([+-])(\d{2}):(\d{2}))$/i;

/** A time by the calendar; `month` from 1 to 12. */
export interface CalendarTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

/**
 * Reads an RFC 3339 time; undefined if it is none or does not exist. Fractions beyond milliseconds are cut off;
 * a leap second is refused, since no clock here counts it.
 */
export function parseRfc3339(text: string): Date | undefined {
  const parts = RFC_3339.exec(text);
  if (!parts) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map(Number);
  const local = calendarDate({ year, month, day, hour, minute, second });
  const [zoneHours, zoneMinutes] = [Number(parts[9] ?? 0), Number(parts[10] ?? 0)];
  if (!local || zoneHours > 23 || zoneMinutes > 59) return undefined;

  const milliseconds = Number((parts[7] ?? '').padEnd(3, '0').slice(0, 3));
  const offset = (zoneHours * 60 + zoneMinutes) * 60_000 * (parts[8] === '-' ? -1 : 1);
  const time = new Date(local.getTime() + milliseconds - offset);
  const utcYear = time.getUTCFullYear();
  return utcYear >= 1 && utcYear <= 9_999 ? time : undefined;
}

/** @returns undefined for a time that no calendar has */
export function calendarDate({ year, month, day, hour, minute, second }: CalendarTime): Date | undefined {
  if (year < 1 || hour > 23 || minute > 59 || second > 59) return undefined;
  // Not Date.UTC alone: it takes the years 0 to 99 for 1900 to 1999.
  const date = new Date(Date.UTC(2000, 0, 1, hour, minute, second));
  date.setUTCFullYear(year, month - 1, day);
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists ? date : undefined;
}
