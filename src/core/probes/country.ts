import { iso1A2Code } from '@rapideditor/country-coder';

/**
 * @param location in degrees
 * @returns ISO 3166-1 alpha-2 code of the country or territory there, by the simplified borders of OpenStreetMap's country-coder;
 *   undefined at sea, and where no code is agreed on
 */
export function countryOf({
  longitude,
  latitude,
}: {
  longitude: number;
  latitude: number;
}): string | undefined {
  return iso1A2Code([longitude, latitude], { level: 'territory' }) ?? undefined;
}
