import { isIpLiteral } from '@pladmed/protocol';
import { KINDS } from '../../../measurement/kinds/index.js';
import { InvalidParamsError } from '../../../measurement/params/invalid-params.error.js';
import { MAX_START_AHEAD_MS } from '../../../measurement/schedule/parse-schedule.js';
import { type Schedule } from '../../../measurement/schedule/schedule.js';
import { DomainError, type Violation } from '../../../platform/errors/domain.error.js';
import { type AtlasKind, familyOf } from '../../../measurement/atlas/common.js';
import { Reader } from '../reader.js';
import { readSources, type Source } from './sources.js';
import { type Family, TYPE_NAMES, TYPES } from './types.js';

export const MOST_DEFINITIONS = 100;
const MOST_DESCRIPTION = 255;
const MOST_TAGS = 20;
const LONGEST_TAG = 64;
const MOST_INTERVAL_S = 86_400;
/** Without a stop Atlas goes on for ever; our schedules end, and are paid in advance. */
const WITHOUT_STOP_MS = 30 * 86_400_000;
/** Clocks differ, and requests take time: a beginning so long past is now. */
const PAST_MS = 5 * 60_000;

/** One measurement that is asked for, in the words of the platform. */
export interface Definition {
  kind: AtlasKind;
  /** that probes need; undefined: either will do */
  family: Family | undefined;
  params: Record<string, unknown>;
  schedule: Schedule;
  description: string | undefined;
  tags: string[];
  isPublic: boolean;
  /** members that change nothing of what is measured, as they came */
  told: Record<string, string | number | boolean>;
}

export interface Creation {
  definitions: Definition[];
  sources: Source[];
}

interface Times {
  isOnce: boolean;
  start: Date;
  stop: Date;
}

/**
 * Reads the body of `POST /measurements/`.
 * @throws DomainError invalid_request that names each wrong member: what cannot be mapped is never left out silently
 */
export function readCreation(body: Readonly<Record<string, unknown>>, now: Date): Creation {
  const violations: Violation[] = [];
  const reader = new Reader(body, [], violations);
  const times = readTimes(reader, now);
  const definitions = (reader.objects('definitions', MOST_DEFINITIONS) ?? []).map((each) =>
    readDefinition(each, times),
  );
  const sources = readSources(reader);
  if (violations.length > 0) throw DomainError.invalid(...violations);
  return { definitions: definitions.filter((each) => each !== undefined), sources };
}

function readTimes(reader: Reader, now: Date): Times {
  const isOnce = reader.truth('is_oneoff') ?? false;
  const asked = reader.time('start_time');
  const start = asked === undefined || asked < now ? now : asked;
  if (asked !== undefined && now.getTime() - asked.getTime() > PAST_MS)
    reader.refuse('start_time', 'must not be in the past');
  if (start.getTime() - now.getTime() > MAX_START_AHEAD_MS)
    reader.refuse('start_time', 'must be at most 366 days ahead');
  const end = reader.time('stop_time');
  const stop = end ?? new Date(start.getTime() + WITHOUT_STOP_MS);
  if (!isOnce && stop <= start)
    reader.refuse('stop_time', 'must be after start_time (now if that is absent)');
  return { isOnce, start, stop };
}

function readDefinition(reader: Reader, times: Times): Definition | undefined {
  const type = reader.word('type', TYPE_NAMES);
  if (type === undefined) {
    if (!reader.has('type')) reader.refuse('type', `must be one of ${TYPE_NAMES.join(', ')}`);
    return undefined;
  }
  const before = reader.violations.length;
  const { kind, interval, params: paramsOf, members, told } = TYPES[type];
  const target = readTarget(reader, type === 'dns');
  const family = readFamily(reader, target);
  const params = paramsOf(reader, family, target);
  const schedule = readSchedule(reader, times, interval);
  const isAnyFamily = kind === 'dns' && params['resolver'] === undefined;
  const definition: Definition = {
    ...{ kind, family: isAnyFamily ? undefined : family, params, schedule },
    description: reader.text('description', MOST_DESCRIPTION),
    tags: reader.texts('tags', MOST_TAGS, LONGEST_TAG) ?? [],
    isPublic: reader.truth('is_public') ?? true,
    told: { ...readTold(reader, [...TOLD_OF_ALL, ...told]), ...(isAnyFamily && { af: family }) },
  };
  // what is missing because it was wrong is told already
  if (reader.violations.length === before) checkParams(reader, definition, members);
  return definition;
}

/** Of all types, what is noted and changes nothing: names are looked up by the probe, at each run. */
const TOLD_OF_ALL = ['skip_dns_check', 'target_update_hours'];
const LONGEST_TOLD = 255;

function readTold(reader: Reader, names: readonly string[]): Definition['told'] {
  const found = names.flatMap((name) => {
    const value = reader.plain(name, LONGEST_TOLD);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(found);
}

function readTarget(reader: Reader, isOptional: boolean): string | undefined {
  const target = reader.text('target', 255)?.trim();
  if (target !== undefined && target !== '') return target;
  if (!isOptional && !reader.violations.some(({ path }) => path?.at(-1) === 'target'))
    reader.refuse('target', 'is needed: an address or a name');
  return undefined;
}

function readFamily(reader: Reader, target: string | undefined): Family {
  const ofTarget = target !== undefined && isIpLiteral(target) ? familyOf(target) : undefined;
  const asked = reader.integer('af', 4, 6);
  if (asked === 5 || (asked === undefined && ofTarget === undefined)) reader.refuse('af', 'must be 4 or 6');
  const family = asked === 6 || (asked === undefined && ofTarget === 6) ? 6 : 4;
  if (ofTarget !== undefined && ofTarget !== family)
    reader.refuse('target', `must be an IPv${family} address, as af says, or a name`);
  return family;
}

function readSchedule(reader: Reader, { isOnce, start, stop }: Times, otherwise: number): Schedule {
  const spread_s = reader.integer('spread', 0, MOST_INTERVAL_S);
  const spread = spread_s === undefined || spread_s === 0 ? {} : { spread_s };
  if (isOnce) return { type: 'once', at: start, ...spread };
  const every_s = reader.integer('interval', 1, MOST_INTERVAL_S) ?? otherwise;
  if (spread_s !== undefined && spread_s > every_s)
    reader.refuse(
      'spread',
      `must be at most the interval, ${every_s}: a run would be due after the next one`,
    );
  return { type: 'interval', every_s, start, stop, ...spread };
}

/** Holds the parameters against the kind, so that what is wrong is named as the caller wrote it. */
function checkParams(
  reader: Reader,
  { kind, params }: Definition,
  members: Readonly<Record<string, string>>,
): void {
  try {
    KINDS[kind].check(params, 'refuse');
  } catch (error) {
    if (!(error instanceof InvalidParamsError)) throw error;
    for (const { field, message } of error.violations) {
      const [, name = ''] = field.split('.');
      reader.refuse(members[name] ?? (name === '' ? 'target' : name), ofOne(message));
    }
  }
}

/** Of lists the platform says which item is wrong; a definition has one. */
function ofOne(message: string): string {
  return message
    .replace(/ \(wrong at position \d+, counted from 0\)$/, '')
    .replace(/^must be a list of (host|domain) names/, 'must be a $1 name')
    .replace(/ or IPv4 addresses$/, '');
}
