import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addressKey, rangeOf } from './address-range.js';
import { foundNetwork, placeOf, type PlaceMembers, type PlaceStatement, restated } from './place.js';

const BERLIN = { longitude: 13.4, latitude: 52.5 };
const SEA = { longitude: -30, latitude: 30 };

function after(before: PlaceMembers, statement: PlaceStatement, location = BERLIN): PlaceMembers {
  return JSON.parse(JSON.stringify(restated(before, statement, location))) as PlaceMembers;
}

describe('the network of an address', () => {
  const found = { asn: 64_496, prefix: '192.0.2.0/24' };

  it('is noted where the owner states nothing, and changes with the address', () => {
    const first = foundNetwork({}, 4, found);
    expect(first).toEqual({
      ...{ asn_v4: 64_496, prefix_v4: '192.0.2.0/24' },
      ranges: [{ from: '4c0000200', to: '4c00002ff' }],
    });
    expect(foundNetwork({ ...first }, 4, found)).toBeUndefined();
    expect(foundNetwork({ ...first }, 4, undefined)).toEqual({
      ...{ asn_v4: undefined, prefix_v4: undefined, ranges: undefined },
    });
    // of the other family it says nothing
    expect(foundNetwork({ ...first }, 6, undefined)).toBeUndefined();
  });

  it('does not change what the owner states', () => {
    const stated = { asn_v4: 3333, stated: ['asn_v4' as const] };
    expect(foundNetwork(stated, 4, found)).toMatchObject({ prefix_v4: '192.0.2.0/24' });
    expect(foundNetwork(stated, 4, found)).not.toHaveProperty('asn_v4');
  });
});

describe('where a probe is', () => {
  it('is the country of its location, until its owner states another', () => {
    expect(after({}, {})).toEqual({ country: 'DE' });
    expect(after({}, {}, SEA)).toEqual({});
    const stated = after({}, { country_code: 'nl' });
    expect(stated).toEqual({ country: 'NL', stated: ['country'] });
    expect(after(stated, {}, SEA)).toEqual(stated);
    expect(after(stated, { country_code: null })).toEqual({ country: 'DE' });
    expect(after(stated, { place: { country: '' } }, SEA)).toEqual({});
  });

  it('is one thing with two names', () => {
    const all = { country: 'US', state: 'CA', city: 'San Jose', asn: 64500, network: 'Example' };
    const stated = after({}, { place: all });
    expect(stated).toEqual({
      ...{ country: 'US', state: 'CA', city: 'San Jose', asn_v4: 64500, network: 'Example' },
      stated: ['country', 'asn_v4'],
    });
    const shown = { ...all, continent: 'NA', region: 'Northern America' };
    expect(placeOf(stated)).toEqual(shown);
    expect(placeOf(after({}, { asn_v6: 64501, country_code: 'AR' }))).toMatchObject({
      asn: 64501,
      country: 'AR',
    });
    // what was read may be written back, and changes nothing
    for (const before of [stated, after({}, { asn_v6: 64501 })]) {
      const { asn, city, network } = placeOf(before);
      expect(after(before, { place: { asn, city, network } })).toEqual(before);
    }
    expect(after(stated, { place: { asn: 0, city: '', network: '', state: null } })).toEqual({
      ...{ country: 'US', stated: ['country'] },
    });
    expect(placeOf({})).toEqual({
      ...{ continent: '', region: '', country: '', state: null, city: '', asn: 0, network: '' },
    });
  });

  it('has no state outside the USA', () => {
    const stated = after({}, { place: { country: 'US', state: 'CA' } });
    expect(after(stated, { country_code: 'MX' })).not.toHaveProperty('state');
    expect(() => restated(stated, { place: { country: 'MX', state: 'CA' } }, BERLIN)).toThrow('place.state');
  });

  it.each<[string, PlaceStatement]>([
    ['country_code', { country_code: 'ZZ' }],
    ['place.country', { place: { country: 'ZZ' } }],
    ['place.country', { country_code: 'NL', place: { country: 'DE' } }],
    ['place.asn', { asn_v4: 1, place: { asn: 2 } }],
    ['prefix_v4', { prefix_v4: '2001:db8::/32' }],
    ['prefix_v6', { prefix_v6: '192.0.2.0/24' }],
    ['prefix_v4', { prefix_v4: '192.0.2.1/24' }],
  ])('names %s where it is wrong', (field, statement) => {
    expect(() => restated({}, statement, BERLIN)).toThrow(`${field} must be`);
  });

  it('keeps what the server found, until it is stated', () => {
    const found = { asn_v4: 64500, prefix_v4: '192.0.2.0/24', country: 'DE' };
    expect(after(found, {})).toMatchObject(found);
    expect(after(found, { asn_v4: 64511 })).toMatchObject({ asn_v4: 64511, stated: ['asn_v4'] });
  });
});

describe('a range of addresses', () => {
  it('holds the networks and addresses that are inside it, and no others', () => {
    const bytes = fc.uint8Array({ minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(bytes, bytes, fc.nat(32), fc.nat(32), (one, other, short, long) => {
        const number = (of: Uint8Array) => Buffer.from(of).readUInt32BE();
        const network = (of: Uint8Array, length: number) => {
          const kept = length === 0 ? 0 : (number(of) >>> (32 - length)) * 2 ** (32 - length);
          return [24, 16, 8, 0].map((shift) => (kept >>> shift) & 255).join('.') + `/${length}`;
        };
        const [outer, inner] = [rangeOf(network(one, short))!, rangeOf(network(other, long))!];
        const sameBits = short === 0 || number(one) >>> (32 - short) === number(other) >>> (32 - short);
        expect(inner.from >= outer.from && inner.to <= outer.to).toBe(long >= short && sameBits);
        const address = addressKey([...other].join('.'))!;
        expect(address >= outer.from && address <= outer.to).toBe(sameBits);
      }),
    );
  });

  it('knows IPv6, and refuses what is no network', () => {
    expect(rangeOf('2001:db8::/33')).toEqual({
      ...{ from: `620010db8${'0'.repeat(24)}`, to: `620010db87${'f'.repeat(23)}` },
    });
    for (const wrong of [
      '192.0.2.0',
      '192.0.2.0/33',
      '192.0.2.128/24',
      '2001:db8::1/32',
      'x/1',
      '/8',
      '10/8',
    ])
      expect([wrong, rangeOf(wrong)]).toEqual([wrong, undefined]);
  });
});
