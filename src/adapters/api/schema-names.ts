import { type ScheduleType } from '@pladmed/protocol';
import { OTHER_RECORD_TYPES, type OtherRecord } from '../../measurement/formats/other-records.js';
import { KIND_NAMES, type KindName, summaryTypeOf } from '../../measurement/kinds/index.js';
import { oneOfBy, refTo } from '../../platform/http/zod-schema.js';

/** Names of the schemas that a kind has in the document: `PingParams`. */
export const namedAfter = (kind: KindName, what: string): string =>
  `${kind.charAt(0).toUpperCase()}${kind.slice(1)}${what}`;

/** One form for each kind. */
export function oneOfKinds(what: string) {
  return oneOfBy('kind', Object.fromEntries(KIND_NAMES.map((kind) => [kind, namedAfter(kind, what)])));
}

/** The schema of entries of one record that imported files of scamper bring beside pings and traces. */
export function otherSummaryName(type: OtherRecord): string {
  const word = type.replace(/^scamper-/, '');
  return `Scamper${word[0]?.toUpperCase()}${word.slice(1)}Summary`;
}

/** An entry of a summary: the word in `type`, by kind; that of ping and traceroute is not there where nothing was measured at all. */
export function summarySchema() {
  const references = KIND_NAMES.map((kind) => refTo(namedAfter(kind, 'Summary')));
  const types = KIND_NAMES.map(summaryTypeOf);
  const mapping = Object.fromEntries(
    types.map((type, index): [string, string] => [type, references[index]?.$ref ?? '']),
  );
  const others = OTHER_RECORD_TYPES.map((type) => refTo(otherSummaryName(type)));
  for (const [index, type] of OTHER_RECORD_TYPES.entries()) mapping[type] = others[index]?.$ref ?? '';
  return {
    anyOf: [...references, ...others],
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
