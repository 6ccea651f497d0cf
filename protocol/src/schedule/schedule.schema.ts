import { z } from 'zod';
import { integer, oneOf, text } from '../kinds/rules.js';
import { CronError, MAX_CRON_LENGTH, readCron } from './cron.js';
import { parseRfc3339 } from './times.js';

/** A cron expression as a crontab has it; the message names the field, and what would be accepted. */
export function cronExpression() {
  return z
    .string({ error: 'must be a cron expression of five fields, as in "*/5 * * * *"' })
    .superRefine((value, context) => {
      const message = cronError(value);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    })
    .meta({ maxLength: MAX_CRON_LENGTH });
}

function cronError(value: string): string | undefined {
  if (value.length > MAX_CRON_LENGTH) return `must have at most ${MAX_CRON_LENGTH} characters`;
  try {
    readCron(value);
    return undefined;
  } catch (error) {
    if (error instanceof CronError) return error.message;
    throw error;
  }
}

/** A time with a zone. */
export const instant = () =>
  text(
    'an RFC 3339 time with a zone, as in 2030-01-31T12:00:00Z',
    (value) => parseRfc3339(value) !== undefined,
    { format: 'date-time' },
  );

/** Runs in each minute that a cron expression names. */
export const timesPerMinute = () => integer(1, 60);

/** Without an example: a fixed time would be too far ahead, or past, on most days. */
const start = () =>
  instant()
    .optional()
    .meta({ description: 'First moment of the schedule, at most 366 days ahead; now if absent.' });

const stop = () =>
  instant().meta({
    description: 'End of the schedule, excluded; after `start`.',
    example: '2030-01-02T00:00:00Z',
  });

const spread_s = () =>
  integer(0, 86_400).optional().meta({
    description:
      'Seconds over which the probes are spread: each does all its runs later by its own offset below this, made from its id. Classic probes cannot.',
    example: 60,
  });

const object = <Members extends z.ZodRawShape>(members: Members) =>
  z.object(members, { error: 'must be an object' });

/** What a caller of the native API may ask for, by `type`. */
export const SCHEDULE_SCHEMAS = {
  once: object({
    type: oneOf('once').meta({ description: 'One run.', example: 'once' }),
    at: instant().optional().meta({ description: 'When to run, at most 366 days ahead; now if absent.' }),
    spread_s: spread_s(),
  }),
  interval: object({
    type: oneOf('interval').meta({ description: 'Runs at equal distances.', example: 'interval' }),
    every_s: integer(1, 86_400).meta({
      description: 'Time from one run to the next, in seconds.',
      example: 300,
    }),
    start: start(),
    stop: stop(),
    spread_s: spread_s(),
  }),
  cron: object({
    type: oneOf('cron').meta({ description: 'Runs at the times of a cron expression.', example: 'cron' }),
    cron: cronExpression().meta({
      description:
        'Five fields of crontab(5), in UTC: minute, hour, day of month, month, day of week. A day field is restricted unless it begins with `*`; where both are, one of them is enough, otherwise both must match.',
      example: '*/15 * * * *',
    }),
    times_per_minute: timesPerMinute().default(1).meta({
      description: 'Runs in each minute that `cron` names, evenly over the minute; 1 if absent.',
      example: 1,
    }),
    start: start(),
    stop: stop(),
    spread_s: spread_s(),
  }),
} as const;
export type ScheduleType = keyof typeof SCHEDULE_SCHEMAS;

const time = z.iso.datetime({ offset: true });

/** How much later this probe does every run; its share of the operation's spread. */
const offset_ms = z.int().min(0).max(86_400_000).optional();

/** When a native probe does its runs, as it is told; docs/protocol.md, "Server to probe". */
export const probeSchedule = z.discriminatedUnion('type', [
  z.object({ type: z.literal('once'), at: time, offset_ms }),
  z.object({
    type: z.literal('interval'),
    every_s: z.int().min(1).max(86_400),
    start: time,
    stop: time,
    offset_ms,
  }),
  z.object({
    type: z.literal('cron'),
    // one that was accepted before the bound on its length may be twice as long
    cron: z.string().max(2 * MAX_CRON_LENGTH),
    times_per_minute: z.int().min(1).max(60),
    start: time,
    stop: time,
    offset_ms,
  }),
]);
export type ProbeSchedule = z.infer<typeof probeSchedule>;
