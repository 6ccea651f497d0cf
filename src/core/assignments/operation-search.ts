import { type KindName } from '../../measurement/kinds/index.js';
import { type ObjectId } from '../../platform/database/object-id.js';
import { type OperationEntity } from './operation.schema.js';

/** What a figure or time has to be: all that is stated. */
export interface Bounds<T> {
  least?: T | undefined;
  most?: T | undefined;
  above?: T | undefined;
  below?: T | undefined;
}

export interface TextMatch {
  how: 'is' | 'contains' | 'begins' | 'ends';
  /** in any case */
  text: string;
}

/** By its probes and the clock; only `stopped` is stored. */
export const OPERATION_STATES = ['scheduled', 'running', 'stopped', 'done'] as const;
export type OperationState = (typeof OPERATION_STATES)[number];

/** Where an operation stands in its schedule, by the clock alone. */
export const PHASES = ['scheduled', 'ongoing', 'stopped'] as const;
export type Phase = (typeof PHASES)[number];

export const PROTOCOLS = ['ICMP', 'UDP', 'TCP'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** What is asked of operations in listings by page number; what is absent does not matter. */
export interface OperationSearch {
  /** who reads: undefined: anybody, so public ones alone; `everything`: a superuser */
  reader: ObjectId | 'everything' | undefined;
  owner?: ObjectId | undefined;
  kinds?: readonly KindName[] | undefined;
  numbers?: readonly number[] | undefined;
  number?: Bounds<number> | undefined;
  family?: 4 | 6 | undefined;
  target?: readonly TextMatch[] | undefined;
  description?: readonly TextMatch[] | undefined;
  /** in description or target */
  text?: string | undefined;
  tags?: readonly string[] | undefined;
  begin?: Bounds<Date> | undefined;
  end?: Bounds<Date> | undefined;
  everyS?: Bounds<number> | undefined;
  isOnce?: boolean | undefined;
  /** of traceroutes and DNS look-ups; nothing else is there then */
  protocol?: Protocol | undefined;
  ids?: readonly ObjectId[] | undefined;
  phases?: { now: Date; wanted: readonly Phase[] } | undefined;
}

export const SEARCH_ORDERS = ['number', 'begin', 'end', 'kind', 'family', 'every_s'] as const;
export type SearchOrder = (typeof SEARCH_ORDERS)[number];

export interface SearchPage {
  order: SearchOrder;
  isDescending: boolean;
  skip: number;
  limit: number;
}

/** An operation with the first of its destinations alone: it may have a thousand. */
export type FoundOperation = Omit<OperationEntity, 'accepted_params'>;

/** A single run counts as going on for so long after it was due: its result may be on its way. */
export const ONCE_GOES_ON_MS = 600_000;

/** @returns where an operation stands at `now` */
export function phaseOf(
  { schedule, stopped_at }: Pick<OperationEntity, 'schedule' | 'stopped_at'>,
  now: Date,
): Phase {
  if (stopped_at !== undefined) return 'stopped';
  const begin = schedule.type === 'once' ? schedule.at : schedule.start;
  if (begin > now) return 'scheduled';
  return overAt({ schedule }) <= now ? 'stopped' : 'ongoing';
}

/** @returns when an operation that nobody stops is over */
export function overAt({ schedule }: Pick<OperationEntity, 'schedule'>): Date {
  return schedule.type === 'once' ? new Date(schedule.at.getTime() + ONCE_GOES_ON_MS) : schedule.stop;
}

const LISTS = ['ips', 'fqdns', 'name', 'urls'];
const TARGETS = [...LISTS, 'resolver'].map((name) => `params.${name}`);
const BEGINS = ['schedule.at', 'schedule.start'];
const ENDS = ['stopped_at', 'schedule.stop'];

/** Leaves of each list of destinations the first, and the rest of what a listing does not show. */
export const FIRST_DESTINATIONS = [
  {
    $set: Object.fromEntries(
      LISTS.map((name) => {
        const list = `$params.${name}`;
        return [`params.${name}`, { $cond: [{ $isArray: list }, { $slice: [list, 1] }, '$$REMOVE'] }];
      }),
    ),
  },
  { $unset: ['accepted_params', '_order'] },
];

const ORDERS: Readonly<Record<SearchOrder, unknown>> = {
  number: '$number',
  begin: { $ifNull: BEGINS.map((name) => `$${name}`) },
  end: { $ifNull: ENDS.map((name) => `$${name}`) },
  kind: '$kind',
  family: { $cond: [{ $or: overIPv6() }, 6, 4] },
  every_s: '$schedule.every_s',
};

/** @returns the expression that MongoDB sorts by */
export function orderOf(order: SearchOrder): unknown {
  return ORDERS[order];
}

/** @returns what MongoDB is asked for */
export function searchConditions(search: OperationSearch): object {
  const asked = [...ofItself(search), ...ofTexts(search), ...ofSchedule(search)].filter(
    (each) => typeof each === 'object',
  );
  return asked.length === 0 ? {} : { $and: asked };
}

type Condition = object | false | undefined;

function ofItself({
  reader,
  owner,
  kinds,
  numbers,
  number,
  family,
  protocol,
  ids,
}: OperationSearch): Condition[] {
  return [
    reader !== 'everything' && visibleTo(reader),
    owner && { owner },
    kinds && { kind: { $in: kinds } },
    numbers && { number: { $in: numbers } },
    number && { number: within(number) },
    family && familyCondition(family),
    protocol && PROTOCOL_CONDITIONS[protocol],
    ids && { _id: { $in: ids } },
  ];
}

function ofTexts({ target = [], description = [], text, tags }: OperationSearch): Condition[] {
  return [
    ...target.map(targetCondition),
    ...description.map((match) => ({ description: { $regex: patternOf(match), $options: 'i' } })),
    text !== undefined && textCondition(text),
    tags && { tags: { $all: tags } },
  ];
}

function ofSchedule({ begin, end, everyS, isOnce, phases }: OperationSearch): Condition[] {
  return [
    begin && anyOf(BEGINS, within(begin)),
    end && endsWithin(within(end)),
    everyS && { 'schedule.every_s': within(everyS) },
    isOnce !== undefined && { 'schedule.type': isOnce ? 'once' : { $ne: 'once' } },
    phases && anyPhase(phases.wanted.map((phase) => phaseCondition(phase, phases.now))),
  ];
}

/** One that was stopped ended then, whatever its schedule says. */
function endsWithin(bounds: object): object {
  return {
    $or: [{ stopped_at: bounds }, { stopped_at: { $exists: false }, 'schedule.stop': bounds }],
  };
}

const PROTOCOL_CONDITIONS: Readonly<Record<Protocol, object>> = {
  ICMP: { kind: 'traceroute', 'params.method': { $in: ['icmp-paris', 'icp'] } },
  // what a traceroute without a method takes
  UDP: {
    $or: [
      { kind: 'traceroute', 'params.method': { $in: ['udp-paris', null] } },
      { kind: 'dns', 'params.tcp': { $exists: false } },
    ],
  },
  TCP: {
    $or: [
      { kind: 'traceroute', 'params.method': 'tcp' },
      { kind: 'dns', 'params.tcp': { $exists: true } },
    ],
  },
};

/** A DNS look-up is of a resolver; what it asks for is no target. Of a URL the host is. */
function targetCondition(match: TextMatch): object {
  const named = { $regex: patternOf(match), $options: 'i' };
  return {
    $or: [
      { kind: { $ne: 'dns' }, ...anyOf(['params.ips', 'params.fqdns', 'params.name'], named) },
      { 'params.resolver': named },
      { 'params.urls': { $regex: hostPatternOf(match), $options: 'i' } },
    ],
  };
}

/** An empty $or is an error: of no phase there is nothing. */
function anyPhase(conditions: object[]): object {
  return conditions.length === 0 ? { _id: { $in: [] } } : { $or: conditions };
}

/** @returns a condition for those that have this text in their description or a target, in any case */
export function textCondition(text: string): object {
  return anyOf([...TARGETS, 'description'], { $regex: patternOf({ how: 'contains', text }), $options: 'i' });
}

/**
 * What an operation itself says of its state. One that meets it may still be in another: whether a probe has something to do stands in
 * its assignments, and the first run of a crontab line is not stored.
 */
export function mayBe(state: OperationState, now: Date): object {
  const stopped = { stopped_at: { $exists: state === 'stopped' } };
  if (state === 'stopped' || state === 'done') return stopped;
  const begins =
    state === 'running'
      ? anyOf(BEGINS, { $lte: now })
      : { $or: [anyOf(BEGINS, { $gt: now }), { 'schedule.type': 'cron' }] };
  return { $and: [stopped, { ends_at: { $gt: now } }, begins] };
}

function visibleTo(reader: ObjectId | undefined): object {
  return reader === undefined
    ? { visibility: 'public' }
    : { $or: [{ visibility: 'public' }, { owner: reader }] };
}

/** By the address that is measured, or else by the family that is said. */
function familyCondition(family: 4 | 6): object {
  const [address, url] =
    family === 4 ? [/^[0-9.]+$/, /^https?:\/\/[0-9.]+(?:[:/?#]|$)/] : [/:/, /^https?:\/\/\[/];
  return {
    $or: [
      ...[{ 'params.ips': address }, { 'params.resolver': address }, { 'params.urls': url }],
      ...[{ [`params.ipv${family}`]: '' }, { 'told.af': family }],
    ],
  };
}

/** @returns expressions: what says that it is IPv6 */
function overIPv6(): object[] {
  const text = (input: unknown) => ({ $convert: { input, to: 'string', onError: '', onNull: '' } });
  const first = (name: string) => ({ $cond: [{ $isArray: name }, { $first: name }, name] });
  return [
    { $regexMatch: { input: text(first('$params.ips')), regex: ':' } },
    { $regexMatch: { input: text('$params.resolver'), regex: ':' } },
    { $regexMatch: { input: text(first('$params.urls')), regex: String.raw`^https?://\[` } },
    { $eq: ['$told.af', 6] },
    { $and: [{ $gt: ['$params.ipv6', null] }, { $lte: ['$params.ipv4', null] }] },
  ];
}

/** The same as phaseOf(). */
function phaseCondition(phase: Phase, now: Date): object {
  const onceBegan = new Date(now.getTime() - ONCE_GOES_ON_MS);
  const over = { $or: [{ 'schedule.at': { $lte: onceBegan } }, { 'schedule.stop': { $lte: now } }] };
  const notStopped = { stopped_at: { $exists: false } };
  const begun = anyOf(BEGINS, { $lte: now });
  switch (phase) {
    case 'scheduled':
      return { $and: [notStopped, anyOf(BEGINS, { $gt: now })] };
    case 'ongoing':
      return { $and: [notStopped, begun, { $nor: [over] }] };
    case 'stopped':
      return { $or: [{ stopped_at: { $exists: true } }, { $and: [begun, over] }] };
  }
}

function anyOf(names: readonly string[], condition: object): object {
  return { $or: names.map((name) => ({ [name]: condition })) };
}

function within<T>({ least, most, above, below }: Bounds<T>): object {
  return {
    ...(least !== undefined && { $gte: least }),
    ...(most !== undefined && { $lte: most }),
    ...(above !== undefined && { $gt: above }),
    ...(below !== undefined && { $lt: below }),
  };
}

function patternOf({ how, text }: TextMatch): string {
  const begin = how === 'is' || how === 'begins' ? '^' : '';
  return `${begin}${escaped(text)}${how === 'is' || how === 'ends' ? '$' : ''}`;
}

/** The same of the host of a URL. */
function hostPatternOf({ how, text }: TextMatch): string {
  const begin = how === 'is' || how === 'begins' ? '' : '[^/?#]*';
  const end = how === 'is' || how === 'ends' ? String.raw`\]?(:\d+)?([/?#]|$)` : '';
  return String.raw`^https?://\[?${begin}${escaped(text)}${end}`;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
