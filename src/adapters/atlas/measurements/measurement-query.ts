import { type Request } from 'express';
import {
  type Bounds,
  type OperationSearch,
  type Phase,
  PROTOCOLS,
  type SearchOrder,
  type TextMatch,
} from '../../../core/assignments/index.js';
import { type KindName } from '../../../measurement/kinds/index.js';
import { timeOf } from '../reader.js';
import { TYPES, TYPE_NAMES } from './types.js';
import { numbersIn, truthIn } from '../probes/probe-query.js';
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
const ALL_KINDS = TYPE_NAMES.map((type) => TYPES[type].kind);

/** Reads the filters of `GET /measurements/`; parameters that do not exist are ignored. */
export function readMeasurementQuery(request: Request, now: Date): Omit<OperationSearch, 'reader' | 'ids'> {
  const statuses = wordsOf(request, 'status__in') ?? wordsOf(request, 'status');
  const protocol = textOf(request, 'protocol')?.toUpperCase();
  const family = textOf(request, 'af');
  return {
    kinds: kindsIn(request),
    numbers: numbersIn(request, 'id__in') ?? numbersIn(request, 'id'),
    number: boundsIn(request, 'id', Number),
    ...(family !== undefined && { family: family === '6' ? (6 as const) : (4 as const) }),
    target: matchesIn(request, 'target', wordsOf(request, 'target_ip')?.[0]),
    description: matchesIn(request, 'description'),
    text: textOf(request, 'search'),
    tags: wordsOf(request, 'tags'),
    begin: secondsIn(request, 'start_time'),
    end: secondsIn(request, 'stop_time'),
    everyS: boundsIn(request, 'interval', Number) ?? exactly(numbersIn(request, 'interval')?.[0]),
    isOnce: truthIn(request, 'is_oneoff'),
    protocol: PROTOCOLS.find((each) => each === protocol),
    ...(statuses && { phases: { now, wanted: statuses.flatMap((status) => PHASES[status] ?? []) } }),
  };
}

export function orderIn(request: Request): { order: SearchOrder; isDescending: boolean } {
  const [, sign, name = ''] = /^(-?)(\w+)$/.exec(textOf(request, 'sort') ?? '') ?? [];
  return { order: ORDERS[name] ?? 'number', isDescending: sign === '-' };
}

function kindsIn(request: Request): KindName[] {
  const types = wordsOf(request, 'type__in') ?? wordsOf(request, 'type');
  if (types === undefined) return ALL_KINDS;
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
    return typeof value === 'number' && Number.isNaN(value) ? undefined : value;
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
