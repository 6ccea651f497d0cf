import { parseRfc3339, SCHEDULE_SCHEMAS, type ScheduleType, type Violation } from '@pladmed/protocol';
import { isPlainObject } from '../../platform/limits/depth-check.js';
import { checkObject } from '../params/check-object.js';
import { checkTogether, InvalidParamsError } from '../params/invalid-params.error.js';
import type { Schedule } from './schedule.js';

/** How far ahead a schedule may begin. */
export const MAX_START_AHEAD_MS = 366 * 86_400_000;

/** A start this far in the past is taken for now: the caller's clock and ours differ, and requests take time. */
export const MAX_START_PAST_MS = 5 * 60_000;

type AnySchedule = (typeof SCHEDULE_SCHEMAS)[ScheduleType];

/**
 * Reads the schedule of a native operation that is created at `now`.
 * @param where the name of the member that held it, in front of each field of an error
 * @throws InvalidParamsError that lists everything that is wrong
 */
export function parseSchedule(raw: unknown, now: Date, where = 'schedule'): Schedule {
  const type = typeOf(raw, where);
  const { known: checked, violations } = checkObject<AnySchedule>(
    SCHEDULE_SCHEMAS[type],
    raw,
    where,
    'refuse',
  );
  if (violations.length > 0) throw new InvalidParamsError(violations);

  const { spread_s } = checked;
  const spread = spread_s === undefined ? {} : { spread_s };
  if (checked.type === 'once') return { type: 'once', at: begin(checked.at, now, `${where}.at`), ...spread };
  const [{ start, stop }] = checkTogether(
    () => rangeOf(checked, now, where),
    () => {
      refuseLongSpread(checked, where);
    },
  );
  if (checked.type === 'interval')
    return { type: 'interval', every_s: checked.every_s, start, stop, ...spread };
  const { cron, times_per_minute = 1 } = checked;
  return { type: 'cron', cron, times_per_minute, start, stop, ...spread };
}

function rangeOf(
  { start: asked, stop: end }: { start?: string | undefined; stop: string },
  now: Date,
  where: string,
): { start: Date; stop: Date } {
  const start = begin(asked, now, `${where}.start`);
  const stop = parseRfc3339(end) ?? start;
  if (stop <= start) throw invalid(`${where}.stop`, `must be after ${where}.start (now if that is absent)`);
  return { start, stop };
}

function refuseLongSpread(
  schedule: { type: 'interval'; every_s: number; spread_s?: number | undefined } | { type: 'cron' },
  where: string,
): void {
  if (schedule.type !== 'interval') return;
  const { spread_s, every_s } = schedule;
  if (spread_s === undefined || spread_s <= every_s) return;
  const message = `must be at most ${where}.every_s: a run would be due after the next one`;
  throw invalid(`${where}.spread_s`, message);
}

function typeOf(raw: unknown, where: string): ScheduleType {
  if (!isPlainObject(raw)) throw invalid(where, 'must be an object');
  const types = Object.keys(SCHEDULE_SCHEMAS) as ScheduleType[];
  const type = types.find((each) => each === raw['type']);
  if (!type) throw invalid(`${where}.type`, `must be one of ${types.join(', ')}`);
  return type;
}

function begin(asked: string | undefined, now: Date, field: string): Date {
  const start = (asked === undefined ? undefined : parseRfc3339(asked)) ?? now;
  const ahead = start.getTime() - now.getTime();
  if (ahead > MAX_START_AHEAD_MS) throw invalid(field, 'must be at most 366 days ahead');
  if (ahead < -MAX_START_PAST_MS) throw invalid(field, 'must not be in the past');
  return ahead < 0 ? now : start;
}

function invalid(field: string, message: string): InvalidParamsError {
  const violation: Violation = { field, message };
  return new InvalidParamsError([violation]);
}
