import { type ScheduleType } from '@pladmed/protocol';
import { KIND_NAMES, type KindName } from '../../measurement/kinds/index.js';
import { oneOfBy } from '../../platform/http/zod-schema.js';

/** Names of the schemas that a kind has in the document: `PingParams`. */
export const namedAfter = (kind: KindName, what: string): string =>
  `${kind.charAt(0).toUpperCase()}${kind.slice(1)}${what}`;

/** One form for each kind. */
export function oneOfKinds(what: string) {
  return oneOfBy('kind', Object.fromEntries(KIND_NAMES.map((kind) => [kind, namedAfter(kind, what)])));
}

export const SCHEDULE_NAMES: Readonly<Record<ScheduleType, string>> = {
  once: 'OnceScheduleDto',
  interval: 'IntervalScheduleDto',
  cron: 'CronScheduleDto',
};

/** A schedule: one of three forms. */
export function scheduleSchema() {
  return { ...oneOfBy('type', SCHEDULE_NAMES), example: { type: 'once' } };
}
