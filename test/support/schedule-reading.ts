import { type Reading, readingOf } from '../../src/measurement/params/reading.js';
import { parseSchedule } from '../../src/measurement/schedule/parse-schedule.js';
import { type Schedule } from '../../src/measurement/schedule/schedule.js';
import { PlatformClock } from '../../src/platform/database/platform-clock.js';
import { type AppContext } from './app-context.js';

/** A schedule as the adapters read it, by the clock of this server's database. */
export function scheduleReading(
  server: AppContext,
  raw: object | ((now: Date) => object),
): Reading<Schedule> {
  const now = server.get(PlatformClock).now();
  return readingOf(() => parseSchedule(typeof raw === 'function' ? raw(now) : raw, now));
}
