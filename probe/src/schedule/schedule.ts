import { CronError, numberRuns, type ProbeSchedule, type RunSchedule } from '@pladmed/protocol';

/**
 * The moments at which a schedule calls for a run, in ms since 1970. A run is named by its moment; the arithmetic is the
 * server's own (@pladmed/protocol), so both have the same.
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
export function occurrences(schedule: ProbeSchedule): Occurrences {
  const runs = numbered(inMilliseconds(schedule));
  const offset = schedule.offset_ms ?? 0;
  return {
    anyTime: schedule.type === 'once',
    nextAfter: (ms) => {
      const next = runs.lastUntil(ms - offset) + 1;
      return next < runs.count ? runs.timeOf(next) + offset : null;
    },
  };
}

function numbered(schedule: RunSchedule): ReturnType<typeof numberRuns> {
  try {
    return numberRuns(schedule);
  } catch (error) {
    if (error instanceof CronError) throw new BadSchedule(`cron ${error.message}`, { cause: error });
    throw error;
  }
}

function inMilliseconds(schedule: ProbeSchedule): RunSchedule {
  if (schedule.type === 'once') return { type: 'once', at: instant(schedule.at) };
  return { ...schedule, start: instant(schedule.start), stop: instant(schedule.stop) };
}

function instant(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new BadSchedule(`${text} is no time`);
  return ms;
}
