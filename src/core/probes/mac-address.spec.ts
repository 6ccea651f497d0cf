import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { macAddress } from './mac-address.js';

describe('MAC addresses', () => {
  it('are kept in one form, whichever they are written in', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (octets) => {
        octets[0] = (octets[0] ?? 0) & 0xfe;
        octets[5] = (octets[5] ?? 0) | 1;
        const pairs = [...octets].map((octet) => octet.toString(16).padStart(2, '0'));
        const kept = pairs.join(':');
        const quads = kept.replaceAll(':', '').replace(/(....)(?=.)/g, '$1.');
        for (const form of [kept, pairs.join('-'), pairs.join(''), quads])
          expect([macAddress(form), macAddress(form.toUpperCase())]).toEqual([kept, kept]);
      }),
    );
  });

  it.each([
    '',
    '02:00:5e:10:00',
    '02:00:5e:10:00:01:02',
    '02:00-5e:10:00:01',
    '02005e10000g',
    ' 02:00:5e:10:00:01',
    '02:00:5e:10:00:01\n',
    // of a group: the lowest bit of the first octet (IEEE 802, section 8.2.2)
    '01:00:5e:00:00:01',
    'ff:ff:ff:ff:ff:ff',
    '00:00:00:00:00:00',
  ])('refuses %j', (text) => {
    expect(macAddress(text)).toBeUndefined();
  });
});
