import { type Request } from 'express';
import {
  type Bounds,
  type OperationSearch,
  type Phase,
  type Protocol,
  PROTOCOLS,
  type SearchOrder,
  type TextMatch,
} from '../../../core/assignments/index.js';
import { type KindName } from '../../../measurement/kinds/index.js';
import { timeOf } from '../reader.js';
import { TYPES, TYPE_NAMES } from './types.js';
import { numbersIn, truthIn, wrong } from '../probes/probe-query.js';
import { textOf, wordsOf } from '../listing.js';

const HOW = { contains: 'contains', startswith: 'begins', endswith: 'ends' } as const;
const PHASES: Readonly<Record<string, Phase>> = { 1: 'scheduled', 2: 'ongoing', 4: 'stopped' };
const ORDERS: Readonly<Record<string, SearchOrder>> = {
  id: 'number',
  start_time: 'begin',
  stop_time: 'end',
  type: 'kind',
  af: 'family',
  interval: 'every_s',
};
/** Kinds that Atlas has a type for. */
export const KINDS_HERE: readonly KindName[] = TYPE_NAMES.map((type) => TYPES[type].kind);

/** Reads the filters of `GET /measurements/`; parameters that do not exist are ignored. */
export function readMeasurementQuery(request: Request, now: Date): Omit<OperationSearch, 'reader' | 'ids'> {
  const statuses = wordsOf(request, 'status__in') ?? wordsOf(request, 'status');
  const [family] = numbersIn(request, 'af') ?? [];
  if (family !== undefined && family !== 4 && family !== 6) throw wrong('af', 'must be 4 or 6');
  return {
    kinds: kindsIn(request),
    numbers: numbersIn(request, 'id__in') ?? numbersIn(request, 'id'),
    number: boundsIn(request, 'id', Number),
    ...(family !== undefined && { family }),
    target: matchesIn(request, 'target', wordsOf(request, 'target_ip')?.[0]),
    description: matchesIn(request, 'description'),
    text: textOf(request, 'search'),
    tags: wordsOf(request, 'tags'),
    begin: secondsIn(request, 'start_time'),
    end: secondsIn(request, 'stop_time'),
    everyS: boundsIn(request, 'interval', Number) ?? exactly(numbersIn(request, 'interval')?.[0]),
    isOnce: truthIn(request, 'is_oneoff'),
    protocol: protocolIn(request),
    ...(statuses && { phases: { now, wanted: statuses.flatMap((status) => PHASES[status] ?? []) } }),
  };
}

export function orderIn(request: Request): { order: SearchOrder; isDescending: boolean } {
  const [, sign, name = ''] = /^(-?)(\w+)$/.exec(textOf(request, 'sort') ?? '') ?? [];
  return { order: ORDERS[name] ?? 'number', isDescending: sign === '-' };
}

function protocolIn(request: Request): Protocol | undefined {
  const text = textOf(request, 'protocol')?.toUpperCase();
  const protocol = PROTOCOLS.find((each) => each === text);
  if (text !== undefined && protocol === undefined)
    throw wrong('protocol', `must be one of ${PROTOCOLS.join(', ')}`);
  return protocol;
}

function kindsIn(request: Request): KindName[] {
  const types = wordsOf(request, 'type__in') ?? wordsOf(request, 'type');
  if (types === undefined) return [...KINDS_HERE];
  return TYPE_NAMES.filter((type) => types.includes(type)).map((type) => TYPES[type].kind);
}

function matchesIn(request: Request, name: string, address?: string): TextMatch[] | undefined {
  const exact = textOf(request, name);
  const matches: TextMatch[] = [
    ...(exact === undefined ? [] : [{ how: 'is' as const, text: exact }]),
    ...(address === undefined ? [] : [{ how: 'is' as const, text: address }]),
    ...Object.entries(HOW).flatMap(([suffix, how]) => {
      const text = textOf(request, `${name}__${suffix}`);
      return text === undefined ? [] : [{ how, text }];
    }),
  ];
  return matches.length === 0 ? undefined : matches;
}

function boundsIn<T>(
  request: Request,
  name: string,
  read: (text: string) => T | undefined,
): Bounds<T> | undefined {
  const [least, most, above, below] = ['gte', 'lte', 'gt', 'lt'].map((how) => {
    const text = textOf(request, `${name}__${how}`);
    const value = text === undefined ? undefined : read(text);
    if (text !== undefined && (value === undefined || Number.isNaN(Number(value))))
      throw wrong(`${name}__${how}`, 'must be a number (a time: UNIX seconds, or RFC 3339)');
    return value;
  });
  if ([least, most, above, below].every((bound) => bound === undefined)) return undefined;
  return { least, most, above, below };
}

/** Clients see whole seconds: what is at one of them may be up to a second later. */
function secondsIn(request: Request, name: string): Bounds<Date> | undefined {
  const bounds = boundsIn(request, name, timeOf);
  if (bounds === undefined) return undefined;
  const { least, most, above, below } = bounds;
  const next = (time: Date | undefined) => time && new Date(Math.floor(time.getTime() / 1000) * 1000 + 1000);
  const [from, to] = [
    [least, next(above)].filter((time) => time !== undefined),
    [below, next(most)].filter((time) => time !== undefined),
  ];
  return {
    least: from.sort((a, b) => b.getTime() - a.getTime())[0],
    below: to.sort((a, b) => a.getTime() - b.getTime())[0],
  };
}

function exactly(value: number | undefined): Bounds<number> | undefined {
  return value === undefined ? undefined : { least: value, most: value };
}
