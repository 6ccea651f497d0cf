import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Location } from './location.js';
import { choose } from './choose.js';
import { indexed, vocabularyOf } from './magic.js';
import { type Vantage } from './vantage.js';

type Named = Vantage & { name: string };

function at(
  name: string,
  place: Partial<Vantage['place']>,
  tags: string[] = [],
  systemTags: string[] = [],
): Named {
  const nowhere = { continent: '', region: '', country: '', state: null, city: '', asn: 0, network: '' };
  return { name, place: { ...nowhere, ...place }, tags, systemTags };
}

const EARTH: Named[] = [
  at('ba', {
    continent: 'SA',
    region: 'South America',
    country: 'AR',
    city: 'Buenos Aires',
    asn: 7303,
    network: 'Telecom Argentina',
  }),
  at(
    'sp',
    {
      continent: 'SA',
      region: 'South America',
      country: 'BR',
      city: 'São Paulo',
      asn: 28573,
      network: 'Claro',
    },
    ['gp-bar'],
  ),
  at('la', {
    continent: 'NA',
    region: 'Northern America',
    country: 'US',
    state: 'CA',
    city: 'Los Angeles',
    asn: 16509,
    network: 'Amazon Data Services',
  }),
  at('to', {
    continent: 'NA',
    region: 'Northern America',
    country: 'CA',
    city: 'Toronto',
    asn: 577,
    network: 'Bell Canada',
  }),
  at(
    'lo',
    { continent: 'EU', region: 'Northern Europe', country: 'GB', city: 'London', asn: 2856, network: 'BT' },
    [],
    ['globalping'],
  ),
  at('dr', {
    continent: 'EU',
    region: 'Western Europe',
    country: 'DE',
    city: 'Dresden',
    asn: 3320,
    network: 'Deutsche Telekom',
  }),
  at('li', {
    continent: 'EU',
    region: 'Southern Europe',
    country: 'ES',
    city: 'Barcelona',
    asn: 3352,
    network: 'Telefonica',
  }),
  at('no', {}),
].map((vantage) => vantage);
const PROBES = EARTH.map(indexed);
const WORDS = vocabularyOf(PROBES);

const chosen = (locations: Location[], limit = 100) =>
  choose(PROBES, WORDS, locations, limit).map(({ vantage }) => vantage.name);
const magic = (text: string) => chosen([{ magic: text }]).sort();

describe('magic', () => {
  it.each([
    ['argentina', ['ba']],
    ['ARG', ['ba']],
    ['ar', ['ba']],
    ['uk', ['lo']],
    ['england', ['lo']],
    ['buenos-aires', ['ba']],
    ['sao paulo', ['sp']],
    ['SÃO-PAULO', ['sp']],
    ['south america', ['ba', 'sp']],
    ['southern-america', ['ba', 'sp']],
    ['west europe', ['dr']],
    ['europe', ['dr', 'li', 'lo']],
    ['as7303', ['ba']],
    ['amazon', ['la']],
    ['amazon data', ['la']],
    ['california', ['la']],
    // the country, not the state: what says most goes before
    ['ca', ['to']],
    ['globalping', ['lo']],
    ['gp-bar', ['sp']],
    // a part of any name
    ['aires', ['ba']],
    ['tele', ['ba', 'dr', 'li']],
    ['tele+europe', ['dr', 'li']],
    [' Europe + Germany ', ['dr']],
    ['europe+argentina', []],
    // whole tags only
    ['gp', []],
    // codes of places where no probe is are not parts of other names
    ['is', []],
    ['as1', []],
    ['nowhere', []],
    ['+', []],
  ])('%p finds %p', (text, names) => {
    expect(magic(text)).toEqual(names);
  });

  it('takes world for everybody', () => {
    expect(magic('World')).toEqual(EARTH.map(({ name }) => name).sort());
  });
});

describe('locations', () => {
  it('have conditions that all must hold', () => {
    expect(chosen([{ continent: 'EU', country: 'DE' }])).toEqual(['dr']);
    expect(chosen([{ continent: 'EU', country: 'AR' }])).toEqual([]);
    expect(chosen([{ city: 'SAO PAULO', tags: ['GP-BAR'] }])).toEqual(['sp']);
    expect(chosen([{ asn: 3320, network: 'deutsche telekom' }])).toEqual(['dr']);
    expect(chosen([{ magic: 'tele', country: 'ES' }])).toEqual(['li']);
  });

  it('share the limit, and give what another one does not have', () => {
    const both = [{ country: 'AR' }, { continent: 'EU' }] as Location[];
    const three = chosen(both, 3);
    expect(three).toHaveLength(3);
    expect(three).toContain('ba');
    expect(chosen(both, 1)).toHaveLength(1);
  });

  it('have limits of their own, and no probe twice', () => {
    const two = chosen([
      { country: 'GB', limit: 1 },
      { continent: 'EU', limit: 2 },
    ] as Location[]);
    expect(two.sort()).toEqual(['dr', 'li', 'lo']);
  });

  it('choose each probe once, as many as are asked for, spread over continents for the world', () => {
    const place = fc.record({
      continent: fc.constantFrom('EU', 'NA', 'AS', 'AF'),
      city: fc.constantFrom('A', 'B', 'C'),
      asn: fc.constantFrom(1, 2),
    });
    fc.assert(
      fc.property(fc.array(place, { maxLength: 40 }), fc.integer({ min: 1, max: 50 }), (places, limit) => {
        const probes = places.map((each, index) => indexed(at(String(index), each)));
        for (const locations of [
          [],
          [{ magic: 'world' }],
          [{ magic: 'world' }, { magic: 'a' }],
        ] as Location[][]) {
          const found = choose(probes, vocabularyOf(probes), locations, limit);
          expect(new Set(found).size).toBe(found.length);
          expect(found.length).toBe(Math.min(limit, probes.length));
          if (locations.length === 2) continue;
          const count = (some: typeof probes, continent: string) =>
            some.filter(({ vantage }) => vantage.place.continent === continent).length;
          const counts = ['EU', 'NA', 'AS', 'AF'].map((continent) => ({
            had: count(probes, continent),
            got: count(found, continent),
          }));
          const least = Math.min(...counts.filter(({ had, got }) => got < had).map(({ got }) => got));
          for (const { got } of counts) expect(got).toBeLessThanOrEqual(least + 1);
        }
      }),
    );
  });
});
