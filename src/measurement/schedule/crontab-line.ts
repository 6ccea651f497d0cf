import { type CronValues, readCron } from '@pladmed/protocol';

/** How many values each field has: one that names all of them is written as a star. */
const ALL = { minutes: 60, hours: 24, days: 31, months: 12, weekdays: 7 };

/**
 * What python-crontab writes as `@hourly` and the like, which busybox leaves out before 1.28; with the minute named twice it
 * does not.
 */
const NICKNAMED = new Set(['0 * * * *', '0 0 * * *', '0 0 * * 0', '0 0 1 * *', '0 0 1 1 *']);

/**
 * Writes a cron expression for a classic probe: an equal one of lists of values. It comes through what such a probe reads it with
 * (python-crontab 2.5.1, then crond of busybox 1.27.2, or Debian's cron) as it is: docs/adr/0014.
 * @returns undefined for one whose two day fields must both match: busybox has no way to say that
 */
export function crontabLine(expression: string): string | undefined {
  const { values } = readCron(expression);
  const dayFields = dayFieldsOf(values);
  if (dayFields === undefined) return undefined;
  const { days, weekdays } = dayFields;
  const line = [
    field(values.minutes, ALL.minutes),
    field(values.hours, ALL.hours),
    field(days, ALL.days),
    field(values.months, ALL.months),
    field(weekdays, ALL.weekdays),
  ].join(' ');
  return NICKNAMED.has(line) ? line.replace('0', '0,0') : line;
}

/** Why it is undefined: the end of a sentence that begins with the name of the expression's field. */
export const NO_CRONTAB_LINE =
  'must not have two restricted day fields of which one begins with "*": then both must match, which the crond of classic ' +
  'probes cannot do (a range in place of the star, as in 1-31/2, means either)';

/** Two restricted fields mean "either" to all readers; a field that is empty here is not restricted. */
function dayFieldsOf({
  days,
  weekdays,
  either,
}: CronValues): Pick<CronValues, 'days' | 'weekdays'> | undefined {
  const [everyDay, everyWeekday] = [days.length === ALL.days, weekdays.length === ALL.weekdays];
  // either of two, of which one is always true
  if (either && (everyDay || everyWeekday)) return { days: [], weekdays: [] };
  return either || everyDay || everyWeekday ? { days, weekdays } : undefined;
}

function field(values: readonly number[], all: number): string {
  return values.length === 0 || values.length === all ? '*' : values.join(',');
}
