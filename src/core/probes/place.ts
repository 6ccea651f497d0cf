import { DomainError, type Violation } from '../../platform/errors/domain.error.js';
import { type AddressRange, canonicalNetwork, rangeOf } from './address-range.js';
import { countryOf } from './country.js';
import { continentOf, isCountry, regionOf } from './regions.js';

/** What an owner may state of where a probe is, and the server finds out otherwise: by its location, by its address. */
export const FINDABLE = ['country', 'asn_v4', 'asn_v6', 'prefix_v4', 'prefix_v6'] as const;
export type Findable = (typeof FINDABLE)[number];

/** Where a probe is, by countries and networks. */
export interface PlaceMembers {
  /** ISO 3166-1 alpha-2; absent: in none */
  country?: string | undefined;
  asn_v4?: number | undefined;
  asn_v6?: number | undefined;
  /** CIDR */
  prefix_v4?: string | undefined;
  prefix_v6?: string | undefined;
  /** of the above, those that its owner states; absent: none */
  stated?: Findable[] | undefined;
  /** of the USA, two capitals */
  state?: string | undefined;
  city?: string | undefined;
  /** the name of its network */
  network?: string | undefined;
  /** of both prefixes, to be searched */
  ranges?: AddressRange[] | undefined;
}

/** What changes by the address of a probe; undefined: it is known no more. */
export type FoundNetwork = Pick<PlaceMembers, 'asn_v4' | 'asn_v6' | 'prefix_v4' | 'prefix_v6' | 'ranges'>;

/** The same as one object, as clients choose probes by it: what is not known is empty, 0, or null. */
export interface Place {
  /** two capitals */
  continent: string;
  /** of UN M49 */
  region: string;
  country: string;
  state: string | null;
  city: string;
  asn: number;
  network: string;
}

/** What an owner says; null, and in `place` also "" and 0: it says nothing more. */
export interface PlaceStatement {
  country_code?: string | null | undefined;
  asn_v4?: number | null | undefined;
  asn_v6?: number | null | undefined;
  prefix_v4?: string | null | undefined;
  prefix_v6?: string | null | undefined;
  place?: Partial<{ [Name in keyof Place]: Place[Name] | null | undefined }> | undefined;
}

type Said = Partial<Record<Findable, string | number | null | undefined>>;

export function placeOf({ country = '', state, city, asn_v4, asn_v6, network }: PlaceMembers): Place {
  return {
    continent: continentOf(country) ?? '',
    region: regionOf(country) ?? '',
    ...{
      country,
      state: state ?? null,
      city: city ?? '',
      asn: asn_v4 ?? asn_v6 ?? 0,
      network: network ?? '',
    },
  };
}

/**
 * @param before what was known; nothing of a new probe
 * @param location of the probe from now on
 * @returns what is known from now on: all members, undefined where nothing is
 * @throws DomainError invalid_request that names each wrong member
 */
export function restated(
  before: PlaceMembers,
  statement: PlaceStatement,
  location: { longitude: number; latitude: number },
): Required<PlaceMembers> {
  const violations: Violation[] = [];
  const said = saidIn(before, statement, violations);
  const stated = FINDABLE.filter((name) =>
    said[name] === undefined ? before.stated?.includes(name) === true : said[name] !== null,
  );
  const kept = (name: Findable) => (said[name] === undefined ? before[name] : (said[name] ?? undefined));
  const country = stated.includes('country') ? (kept('country') as string | undefined) : countryOf(location);
  const { place = {} } = statement;
  const state = (place.state === undefined ? before.state : place.state) || undefined;
  if (place.state && country !== 'US')
    violations.push({ field: 'place.state', message: 'must be null outside the USA' });
  if (violations.length > 0) throw DomainError.invalid(...violations);
  const [prefix_v4, prefix_v6] = [kept('prefix_v4'), kept('prefix_v6')].map((prefix) =>
    typeof prefix === 'string' ? canonicalNetwork(prefix) : undefined,
  );
  const [asn_v4, asn_v6] = [kept('asn_v4'), kept('asn_v6')] as (number | undefined)[];
  return {
    country,
    ...{ asn_v4, asn_v6, prefix_v4, prefix_v6 },
    stated: stated.length > 0 ? stated : undefined,
    state: country === 'US' ? state : undefined,
    city: (place.city === undefined ? before.city : place.city) || undefined,
    network: (place.network === undefined ? before.network : place.network) || undefined,
    ranges: rangesOf([prefix_v4, prefix_v6]),
  };
}

/**
 * What the address of a probe says of its networks, where its owner says nothing. Of the family over which it has not come what was
 * found before stays.
 * @param network of the address; undefined: none is known
 * @returns what changes; undefined: nothing
 */
export function foundNetwork(
  before: PlaceMembers,
  family: 4 | 6,
  network: { asn: number; prefix: string } | undefined,
): FoundNetwork | undefined {
  const isFree = (name: Findable) => before.stated?.includes(name) !== true;
  const [asn, prefix] = [`asn_v${family}`, `prefix_v${family}`] as const;
  const found = {
    ...(isFree(asn) && before[asn] !== network?.asn && { [asn]: network?.asn }),
    ...(isFree(prefix) && before[prefix] !== network?.prefix && { [prefix]: network?.prefix }),
  };
  if (Object.keys(found).length === 0) return undefined;
  const after = { ...before, ...found };
  return { ...found, ranges: rangesOf([after.prefix_v4, after.prefix_v6]) };
}

/** @returns undefined: none of them is known */
export function rangesOf(prefixes: readonly (string | undefined)[]): AddressRange[] | undefined {
  const ranges = prefixes.flatMap((prefix) => (prefix === undefined ? [] : (rangeOf(prefix) ?? [])));
  return ranges.length > 0 ? ranges : undefined;
}

type Wrong = (field: string, message: string) => void;

function saidIn(before: PlaceMembers, statement: PlaceStatement, violations: Violation[]): Said {
  const { country_code, asn_v4, asn_v6, prefix_v4, prefix_v6, place = {} } = statement;
  const wrong: Wrong = (field, message) => violations.push({ field, message });
  const said: Said = {
    country: countryIn(country_code, place.country, wrong),
    ...{ asn_v4, asn_v6, prefix_v4, prefix_v6 },
  };
  if (place.asn !== undefined) sayAsn(said, place.asn ?? 0, placeOf(before).asn, wrong);
  checkPrefix('prefix_v4', prefix_v4, wrong);
  checkPrefix('prefix_v6', prefix_v6, wrong);
  return said;
}

/** @returns in capitals; null: none any more; undefined: nothing was said */
function countryIn(
  code: string | null | undefined,
  inPlace: string | null | undefined,
  wrong: Wrong,
): string | null | undefined {
  const [one, other] = [code, inPlace].map((said) =>
    said === undefined ? undefined : said?.toUpperCase() || null,
  );
  if (one !== undefined && other !== undefined && one !== other)
    wrong('place.country', 'must be the same as country_code, where both are given');
  const country = one === undefined ? other : one;
  if (typeof country === 'string' && !isCountry(country))
    wrong(code ? 'country_code' : 'place.country', 'must be a country of ISO 3166-1, such as DE');
  return country;
}

function checkPrefix(name: 'prefix_v4' | 'prefix_v6', prefix: string | null | undefined, wrong: Wrong): void {
  const [family, example] = name === 'prefix_v4' ? ['4', '192.0.2.0/24'] : ['6', '2001:db8::/32'];
  if (typeof prefix === 'string' && rangeOf(prefix)?.from.startsWith(family) !== true)
    wrong(name, `must be a network of IPv${family}, such as ${example}`);
}

/** `place.asn` shows `asn_v4`, and `asn_v6` where that alone is known. What is shown already says nothing new. */
function sayAsn(
  said: Said,
  asn: number,
  shown: number,
  wrong: (field: string, message: string) => void,
): void {
  const others = [said.asn_v4, said.asn_v6].filter((other) => other !== undefined && other !== null);
  if (others.length > 0) {
    if (asn !== others[0]) wrong('place.asn', 'must be the same as asn_v4 (or asn_v6), where both are given');
  } else if (asn === 0) {
    said.asn_v4 ??= null;
    said.asn_v6 ??= null;
  } else if (asn !== shown) said.asn_v4 = asn;
}
