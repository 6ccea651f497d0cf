import { type ScheduleType } from '@pladmed/protocol';
import { OTHER_RECORDS } from '../../measurement/formats/other-records.js';
import { KIND_NAMES, type KindName } from '../../measurement/kinds/index.js';
import { oneOfBy, refTo } from '../../platform/http/zod-schema.js';

/** Names of the schemas that a kind has in the document: `PingParams`. */
export const namedAfter = (kind: KindName, what: string): string =>
  `${kind.charAt(0).toUpperCase()}${kind.slice(1)}${what}`;

/** One form for each kind. */
export function oneOfKinds(what: string) {
  return oneOfBy('kind', Object.fromEntries(KIND_NAMES.map((kind) => [kind, namedAfter(kind, what)])));
}

/** The schema of entries that imported files of scamper bring beside pings and traces. */
export const OTHER_RECORD_SUMMARY = 'ScamperRecordSummary';

/** An entry of a summary: the word in `type`, by kind; that of ping and traceroute is not there where nothing was measured at all. */
export function summarySchema() {
  const references = KIND_NAMES.map((kind) => refTo(namedAfter(kind, 'Summary')));
  const types = KIND_NAMES.map((kind) => (kind === 'traceroute' ? 'trace' : kind));
  const mapping = Object.fromEntries(
    types.map((type, index): [string, string] => [type, references[index]?.$ref ?? '']),
  );
  const others = refTo(OTHER_RECORD_SUMMARY);
  for (const type of OTHER_RECORDS) mapping[type] = others.$ref;
  return {
    anyOf: [...references, others],
    discriminator: { propertyName: 'type', mapping },
  };
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
