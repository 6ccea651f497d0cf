import { type Violation } from '../../../platform/errors/domain.error.js';
import { type Reader } from '../reader.js';

export const MOST_SOURCES = 100;
const MOST_PROBES = 20_000;
const MOST_TAGS = 100;
const LONGEST_TAG = 100;
const LONGEST_VALUE = 200_000;
const MOST_NUMBER = 2_000_000_000;

/** Atlas's areas, in Pladmed's own reading. */
export const AREAS = {
  WW: {},
  West: { east: -30 },
  'North-Central': { west: -30, east: 60, south: 0 },
  'South-Central': { west: -30, east: 60, north: 0 },
  'North-East': { west: 60, south: 0 },
  'South-East': { west: 60, north: 0 },
} as const;
export type Area = keyof typeof AREAS;

/** Which probes a source names. */
export type Chosen =
  | { type: 'area'; area: Area }
  | { type: 'countries'; countries: string[] }
  | { type: 'region'; region: string }
  | { type: 'asn'; asn: number }
  | { type: 'prefix'; prefix: string }
  | { type: 'probes'; numbers: number[] }
  | { type: 'msm'; number: number };

export interface Source {
  chosen: Chosen;
  /** undefined: all */
  requested: number | undefined;
  include: string[];
  exclude: string[];
}

const TYPES = ['area', 'country', 'countries', 'region', 'asn', 'prefix', 'probes', 'msm'] as const;

/** @returns sources that are right; what is wrong is noted at the reader */
export function readSources(reader: Reader): Source[] {
  return (reader.objects('probes', MOST_SOURCES) ?? []).flatMap((each) => readSource(each) ?? []);
}

export function readSource(reader: Reader): Source | undefined {
  const type = reader.word('type', TYPES);
  if (type === undefined) {
    if (!reader.has('type')) reader.refuse('type', `must be one of ${TYPES.join(', ')}`);
    return undefined;
  }
  const chosen = READERS[type](valueOf(reader));
  if (typeof chosen === 'string') {
    reader.refuse('value', chosen);
    return undefined;
  }
  const requested = reader.integer('requested', -1, MOST_PROBES);
  if (requested === 0) reader.refuse('requested', 'must be 1 or more, or -1: all');
  if (
    requested === undefined &&
    !reader.has('requested') &&
    chosen.type !== 'probes' &&
    chosen.type !== 'msm'
  )
    reader.refuse('requested', 'is needed: how many probes, or -1: all');
  const tags = readTags(reader);
  return { chosen, requested: isAll(requested, chosen) ? undefined : requested, ...tags };
}

function isAll(requested: number | undefined, { type }: Chosen): boolean {
  return requested === -1 || (requested === undefined && (type === 'probes' || type === 'msm'));
}

/** goat has them beside the others, Atlas in an object of their own. */
function readTags(reader: Reader): { include: string[]; exclude: string[] } {
  const tags = reader.object('tags');
  const listOf = (name: string): string[] => {
    const found =
      tags?.texts(name, MOST_TAGS, LONGEST_TAG) ??
      (Array.isArray(reader.value(name)) ? reader.texts(name, MOST_TAGS, LONGEST_TAG) : undefined);
    return (found ?? []).map((tag) => tag.toLowerCase());
  };
  return { include: listOf('include'), exclude: listOf('exclude') };
}

function valueOf(reader: Reader): string {
  const value = reader.value('value');
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.map(String).join(',');
  return typeof value === 'string' && value.length <= LONGEST_VALUE ? value.trim() : '';
}

/** Of each type what its value names; a text: what would be right. */
const READERS: Readonly<Record<(typeof TYPES)[number], (value: string) => Chosen | string>> = {
  area: (value) => {
    const area = (Object.keys(AREAS) as Area[]).find((name) => name.toLowerCase() === value.toLowerCase());
    return area === undefined ? `must be one of ${Object.keys(AREAS).join(', ')}` : { type: 'area', area };
  },
  country: countriesOf,
  countries: countriesOf,
  region: (value) =>
    /^[a-z0-9_ -]{1,64}$/i.test(value)
      ? { type: 'region', region: value.toLowerCase() }
      : 'must be the name of a region',
  asn: (value) => {
    const asn = Number(/^(?:AS)?(\d{1,10})$/i.exec(value)?.[1]);
    return asn >= 1 && asn <= 4_294_967_294
      ? { type: 'asn', asn }
      : 'must be the number of an autonomous system';
  },
  prefix: (value) =>
    /^[0-9a-f.:]+\/\d{1,3}$/i.test(value)
      ? { type: 'prefix', prefix: value }
      : 'must be a network in CIDR notation',
  probes: (value) => {
    const numbers = value.split(',').map((text) => numberOf(text.trim()));
    return numbers.every((number) => number !== undefined) && numbers.length <= MOST_PROBES
      ? { type: 'probes', numbers: [...new Set(numbers)] }
      : 'must be numbers of probes with commas between them';
  },
  msm: (value) => {
    const number = numberOf(value);
    return number === undefined ? 'must be the number of a measurement' : { type: 'msm', number };
  },
};

function countriesOf(value: string): Chosen | string {
  const countries = value.split(',').map((text) => text.trim().toUpperCase());
  return countries.every((code) => /^[A-Z]{2}$/.test(code))
    ? { type: 'countries', countries: [...new Set(countries)] }
    : 'must be ISO 3166-1 codes of two letters';
}

function numberOf(text: string): number | undefined {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  return number >= 1 && number <= MOST_NUMBER ? number : undefined;
}

/** Where a source stands in the body of a creation. */
export function sourceAt(index: number): string[] {
  return ['probes', String(index)];
}

/** The error of a source that leads to no probe. @param path of the source, in the body */
export function noProbe(path: readonly string[], message: string): Violation {
  return { field: path.join('.'), path: [...path], message, in: 'body' };
}
