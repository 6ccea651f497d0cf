import { describe, expect, it } from '@jest/globals';
import { countryOf } from './country.js';

// ISO 3166-1 has codes of its own for Hong Kong, Puerto Rico and Gibraltar
describe('the country of a place', () => {
  it.each([
    ['Buenos Aires', -58.38, -34.6, 'AR'],
    ['Berlin', 13.4, 52.5, 'DE'],
    ['Hong Kong', 114.17, 22.3, 'HK'],
    ['San Juan', -66.1, 18.4, 'PR'],
    ['Gibraltar', -5.35, 36.14, 'GI'],
    ['the Gulf of Guinea', 0, 0, undefined],
    ['the date line', 180, -90, undefined],
  ])('is known: %s', (_name, longitude, latitude, country) => {
    expect(countryOf({ longitude, latitude })).toBe(country);
  });
});
