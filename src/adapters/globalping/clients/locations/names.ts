import anyAscii from 'any-ascii';
import { continents, countries, getCountryDataList } from 'countries-list';
import { iso31662 } from 'iso-3166';
import { regionOf } from '../../../../core/probes/index.js';

/** What a list of names is read by: with plain letters. */
export const plain = (name: string): string => anyAscii(name);

type Codes = [string, ...string[]];

export const CONTINENT_CODES = Object.keys(continents) as Codes;
export const COUNTRY_CODES = Object.keys(countries) as Codes;

const states = iso31662.filter(({ parent }) => parent === 'US');
/** Of the United States, two letters. */
export const STATE_CODES = states.map(({ code }) => code.slice(3)) as Codes;

/** Areas of UN M49, the smallest that hold countries. */
export const REGION_NAMES = [...new Set(COUNTRY_CODES.flatMap((code) => regionOf(code) ?? []))] as Codes;

/** By code: how else a place is called, in small letters. Words that people use and no list has stand here. */
const COUNTRY_ALIASES: Readonly<Record<string, readonly string[]>> = {
  GB: ['uk', 'great britain', 'england', 'northern ireland', 'wales', 'scotland'],
};
const COMPASS = /^(north|south|east|west)(?:ern)?( |$)/;

export interface CountryNames {
  iso3: string;
  name: string;
  aliases: readonly string[];
  continent: string;
}

/** By code of two letters. */
export const COUNTRIES: ReadonlyMap<string, CountryNames> = new Map(
  getCountryDataList().map(({ iso2, iso3, name, continent }) => [
    iso2,
    { iso3, name, continent, aliases: COUNTRY_ALIASES[iso2] ?? [] },
  ]),
);

export const CONTINENT_NAMES: ReadonlyMap<string, string> = new Map(Object.entries(continents));

/** Of the United States, by code of two letters. */
export const STATE_NAMES: ReadonlyMap<string, string> = new Map(
  states.map(({ code, name }) => [code.slice(3), name]),
);

/** @returns how else a region is called: `west europe`, `southern america` */
export function regionAliases(region: string): string[] {
  const name = region.toLowerCase();
  const aliases = [
    name.replace(COMPASS, '$1$2'),
    name.replace(COMPASS, '$1ern$2'),
    name.replace('-eastern', '-east'),
  ];
  return [...new Set(aliases)].filter((alias) => alias !== name);
}
