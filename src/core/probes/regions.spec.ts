import { describe, expect, it } from '@jest/globals';
import { continentOf, countriesIn, isCountry, regionOf, regionsOf } from './regions.js';

// https://unstats.un.org/unsd/methodology/m49/
describe('regions of countries', () => {
  it.each([
    ['AR', 'SA', 'South America'],
    ['DE', 'EU', 'Western Europe'],
    ['US', 'NA', 'Northern America'],
    ['FR', 'EU', 'Western Europe'],
    ['GB', 'EU', 'Northern Europe'],
    ['GG', 'EU', 'Northern Europe'],
    ['KE', 'AF', 'Eastern Africa'],
    ['CY', 'EU', 'Western Asia'],
    ['VN', 'AS', 'South-eastern Asia'],
    ['NZ', 'OC', 'Australia and New Zealand'],
    ['AQ', 'AN', 'Antarctica'],
    // M49 does not list them
    ['TW', 'AS', 'Eastern Asia'],
    ['XK', 'EU', 'Southern Europe'],
  ])('%s is in %s and %s', (country, continent, region) => {
    expect([isCountry(country), continentOf(country), regionOf(country)]).toEqual([true, continent, region]);
  });

  it('knows larger areas too, and what is in them', () => {
    expect(regionsOf('AR')).toEqual(['South America', 'Latin America and the Caribbean', 'Americas']);
    expect(countriesIn('southern europe')).toEqual(expect.arrayContaining(['ES', 'IT', 'PT', 'XK']));
    expect(countriesIn('Europe')).not.toContain('CY');
    expect(countriesIn('nowhere')).toEqual([]);
  });

  it.each(['ZZ', 'nl', '', 'toString'])('"%s" is no country', (code) => {
    expect([isCountry(code), continentOf(code), regionOf(code)]).toEqual([false, undefined, undefined]);
  });
});
