import { messageOf } from '../errors.js';
import type { Schedule } from '../protocol.js';
import { type CronMinutes, cronMinutes } from './cron.js';

/**
 * The moments at which a schedule calls for a run, in ms since 1970. A run is named by its moment, so this arithmetic must
 * give the same numbers on every probe, after every restart, and on the server.
 */
export interface Occurrences {
  /** The first moment strictly after `ms`; null when there is none. */
  nextAfter(ms: number): number | null;
  /** True for a run that is done however late it is (`once`). */
  readonly anyTime: boolean;
}

export class BadSchedule extends Error {}

/**
 * Reads a schedule of the protocol.
 * @throws BadSchedule when the cron expression or a time cannot be read
 */
export function occurrences(schedule: Schedule): Occurrences {
  const nominal = unspread(schedule);
  const offset = schedule.offset_ms ?? 0;
  if (offset === 0) return nominal;
  const nextAfter = (ms: number): number | null => {
    const next = nominal.nextAfter(ms - offset);
    return next === null ? null : next + offset;
  };
  return { anyTime: nominal.anyTime, nextAfter };
}

function unspread(schedule: Schedule): Occurrences {
  switch (schedule.type) {
    case 'once':
      return once(instant(schedule.at));
    case 'interval':
      return interval(instant(schedule.start), instant(schedule.stop), schedule.every_s * 1000);
    case 'cron':
      return cron(schedule, instant(schedule.start), instant(schedule.stop));
  }
}

function instant(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new BadSchedule(`${text} is no time`);
  return ms;
}

function once(at: number): Occurrences {
  return { anyTime: true, nextAfter: (ms) => (at > ms ? at : null) };
}

function interval(start: number, stop: number, every: number): Occurrences {
  return {
    anyTime: false,
    nextAfter: (ms) => {
      const next = ms < start ? start : start + (Math.floor((ms - start) / every) + 1) * every;
      return next < stop ? next : null;
    },
  };
}

const MINUTE = 60_000;

function cron(schedule: Extract<Schedule, { type: 'cron' }>, start: number, stop: number): Occurrences {
  const minutes = readCron(schedule.cron);
  const times = schedule.times_per_minute;
  /** The first cron minute strictly after `ms`, within start and stop. */
  const minuteAfter = (ms: number): number | null => {
    const next = minutes.nextAfter(Math.max(ms, start));
    return next !== null && next < stop ? next : null;
  };
  if (minuteAfter(start) === null) return { ...once(start), anyTime: false };
  return {
    anyTime: false,
    nextAfter: (ms) => {
      // The minute that holds `ms` may be a cron minute with places left in it.
      const minute = Math.floor(ms / MINUTE) * MINUTE;
      if (minuteAfter(minute - 1) === minute) {
        for (let k = 0; k < times; k++) {
          const at = minute + Math.floor((k * MINUTE) / times);
          if (at > ms) return at;
        }
      }
      return minuteAfter(ms);
    },
  };
}

function readCron(expression: string): CronMinutes {
  try {
    return cronMinutes(expression);
  } catch (error) {
    throw new BadSchedule(`cron: ${messageOf(error)}`);
  }
}
