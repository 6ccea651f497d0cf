import { CronError, MAX_CRON_LENGTH, readCron } from '@pladmed/protocol';
import type { ParamRule } from '../params/param.rules.js';
import { parseRfc3339, parseStopTime } from './times.js';

const text = (
  schema: Omit<ParamRule['schema'], 'type'>,
  expected: string,
  parse: (value: string) => unknown,
): ParamRule => ({
  schema: { type: 'string', ...schema },
  complaint: (value) =>
    typeof value === 'string' && parse(value) !== undefined ? undefined : `must be ${expected}`,
});

/** A cron expression as a crontab has it; the complaint names the field, and what would be accepted. */
export const cronExpression = (): ParamRule => ({
  schema: { type: 'string', maxLength: MAX_CRON_LENGTH },
  complaint(value) {
    if (typeof value !== 'string') return 'must be a cron expression of five fields, as in "*/5 * * * *"';
    if (value.length > MAX_CRON_LENGTH) return `must have at most ${MAX_CRON_LENGTH} characters`;
    try {
      readCron(value);
      return undefined;
    } catch (error) {
      if (error instanceof CronError) return error.message;
      throw error;
    }
  },
});

/** A time of the native API. */
export const instant = (): ParamRule =>
  text({ format: 'date-time' }, 'an RFC 3339 time with a zone, as in 2030-01-31T12:00:00Z', parseRfc3339);

/** A time of the classic contract. */
export const stopTime = (): ParamRule =>
  text(
    { pattern: String.raw`^\d{2}/\d{2}/\d{4} \d{2}:\d{2}$` },
    'a time that exists, in UTC, written dd/mm/YYYY HH:MM',
    parseStopTime,
  );
