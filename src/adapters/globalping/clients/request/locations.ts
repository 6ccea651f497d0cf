import { z } from 'zod';
import { CONTINENT_CODES, COUNTRY_CODES, plain, REGION_NAMES, STATE_CODES } from '../locations/names.js';
import { exact, text, whole, word } from './rules.js';

export const MOST_LOCATIONS = 128;
const MOST_TERMS = 4;
const MOST_TAGS = 32;
const MOST_ASN = 4_294_967_295;

const named = () => text(128, 1).transform(plain);

const conditions = {
  continent: word(CONTINENT_CODES).optional(),
  region: word(REGION_NAMES).optional(),
  country: word(COUNTRY_CODES, 'a code of two letters (ISO 3166-1)').optional(),
  state: word(STATE_CODES, 'the two letters of a state, for example CA').optional(),
  city: named().optional(),
  network: named().optional(),
  asn: whole(1, MOST_ASN).optional(),
  tags: z
    .array(text(128, 1), { error: 'must be a list of texts' })
    .max(MOST_TAGS, { error: `must have ${MOST_TAGS} entries at most` })
    .optional(),
  magic: text(128, 1)
    .refine((value) => value.split('+').length <= MOST_TERMS, {
      error: `must have ${MOST_TERMS} terms at most`,
    })
    .optional(),
};
const NAMES = Object.keys(conditions);

/** @param most tests that one location, and all of them together, may have @param isLimited whether all have one limit */
export function locationsSchema(most: number, isLimited: boolean) {
  const limit = isLimited
    ? z.undefined({ error: 'must not be given beside a limit for all locations' }).optional()
    : whole(1, most).default(1);
  const location = exact({ ...conditions, limit }).refine(
    (value) => NAMES.some((name) => Reflect.get(value, name) !== undefined),
    {
      error: `must have at least one of ${NAMES.join(', ')}`,
    },
  );
  return z
    .array(location, { error: 'must be a list of locations, or the id of a measurement' })
    .max(MOST_LOCATIONS, { error: `must have ${MOST_LOCATIONS} entries at most`, abort: true })
    .refine((all) => isLimited || sumOf(all) <= most, {
      error: `must not ask for more than ${most} tests in all`,
    });
}

/** How many tests locations ask for that have limits of their own. */
export function sumOf(locations: readonly { limit?: number | undefined }[]): number {
  return locations.reduce((sum, { limit = 1 }) => sum + limit, 0);
}
