import { type Place } from '../../../../core/probes/index.js';
import { COUNTRIES, CONTINENT_NAMES, plain, REGION_NAMES, regionAliases, STATE_NAMES } from './names.js';

/** A probe as far as locations ask about it. */
export interface Vantage {
  place: Place;
  /** its owner's */
  tags: readonly string[];
  /** the platform's own */
  systemTags: readonly string[];
}

/** The names of one probe by which it is looked for; which kind of name each list has is its position. */
export type NameIndex = readonly (readonly string[])[];

/** How many kinds of names there are. */
export const KINDS_OF_NAMES = 15;

/** In small plain letters, with blanks for hyphens. */
export function normal(name: string): string {
  return plain(name).toLowerCase().replaceAll('-', ' ').trim();
}

/** @returns the names of a probe, those first that say most */
export function indexOf({ place, systemTags }: Vantage): NameIndex {
  const country = COUNTRIES.get(place.country);
  const names = [
    [place.country],
    [country?.iso3 ?? ''],
    [country?.name ?? ''],
    country?.aliases ?? [],
    [place.city],
    [place.state ?? ''],
    [place.state === null ? '' : `US-${place.state}`],
    [STATE_NAMES.get(place.state ?? '') ?? ''],
    [place.continent],
    [CONTINENT_NAMES.get(place.continent) ?? ''],
    [place.region],
    regionAliases(place.region),
    [place.asn === 0 ? '' : `AS${place.asn}`],
    systemTags,
    beginningsOf(place.network),
  ];
  return names.map((each) => each.map(normal).filter((name) => name !== ''));
}

/** @returns whether a term names a country, a state, a continent or an ASN, on any platform */
export function isListed(term: string): boolean {
  return /^as\d+$/.test(term) || LISTED.has(term);
}

/** By whole words: `Amazon`, `Amazon Data`, `Amazon Data Services`. */
function beginningsOf(network: string): string[] {
  const words = network.split(' ');
  return words.map((_word, index) => words.slice(0, words.length - index).join(' '));
}

const LISTED: ReadonlySet<string> = new Set(
  [
    ...[...COUNTRIES].flatMap(([code, { iso3, name, aliases }]) => [code, iso3, name, ...aliases]),
    ...[...STATE_NAMES].flatMap(([code, name]) => [code, `US-${code}`, name]),
    ...[...CONTINENT_NAMES].flat(),
    ...REGION_NAMES.flatMap((name) => [name, ...regionAliases(name)]),
  ].map(normal),
);
