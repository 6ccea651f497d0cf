import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { NetworkTable } from './network-table.js';

const table = (...lines: string[]) => NetworkTable.read(lines);

describe('a table of networks', () => {
  it('finds the longest prefix of either family', async () => {
    const networks = await table(
      '; IP-ASN32-DAT file',
      '10.0.0.0/8\t64496\tall',
      '10.1.0.0/16 64497',
      '10.1.255.0/24   64498 end',
      '',
      '# and beyond',
      '2001:db8::/32 64499',
      '2001:db8:1::/48\t4200000000',
      '255.255.255.0/24 64500',
    );
    expect(networks.size).toBe(6);
    expect(networks.find('10.1.2.3')).toEqual({ asn: 64_497, prefix: '10.1.0.0/16' });
    expect(networks.find('10.1.255.255')).toEqual({ asn: 64_498, prefix: '10.1.255.0/24' });
    expect(networks.find('10.2.0.0')).toEqual({ asn: 64_496, prefix: '10.0.0.0/8' });
    expect(networks.find('::ffff:10.0.0.1')).toEqual({ asn: 64_496, prefix: '10.0.0.0/8' });
    expect(networks.find('2001:db8:1:2::3')).toEqual({ asn: 4_200_000_000, prefix: '2001:db8:1::/48' });
    expect(networks.find('2001:db8:2::')).toEqual({ asn: 64_499, prefix: '2001:db8::/32' });
    expect(networks.find('255.255.255.255')).toEqual({ asn: 64_500, prefix: '255.255.255.0/24' });
    for (const nobody of ['9.255.255.255', '11.0.0.0', '2001:db9::', '::', 'x', ''])
      expect(networks.find(nobody)).toBeUndefined();
  });

  it('leaves out what dumps of BGP have beside networks of somebody', async () => {
    const networks = await table('0.0.0.0/0 1', '::/0 1', '2001:db8::/32 2', '2001:db8::8000:0:0:0/65 3');
    expect([networks.size, networks.leftOut]).toEqual([4, 3]);
    expect(networks.find('192.0.2.1')).toBeUndefined();
    expect(networks.find('2001:db8::8000:0:0:1')).toEqual({ asn: 2, prefix: '2001:db8::/32' });
  });

  it.each([
    ['10.0.0.0/8', 'line 2: "" is no number'],
    ['10.0.0.0/33 1', 'line 2: "10.0.0.0/33" is no network'],
    ['10.0.0.1/8 1', 'line 2: "10.0.0.1/8" has bits beyond its length'],
    ['10.0.0.0/8 AS1', 'line 2: "AS1" is no number'],
    ['10.0.0.0/8 4294967296', 'line 2: "4294967296" is no number'],
    ['x'.repeat(500), 'line 2: it is longer than'],
  ])('refuses %s with its line', async (line, message) => {
    await expect(table('192.0.2.0/24 1', line)).rejects.toThrow(message);
  });

  it('finds what a look at each prefix would find', async () => {
    const prefix = fc
      .tuple(fc.nat(0xffff), fc.integer({ min: 8, max: 32 }), fc.integer({ min: 1, max: 9 }))
      .map(([low, length, asn]) => {
        const value = ((10 << 24) | low) >>> 0;
        const first = length === 32 ? value : (value & ~(0xffffffff >>> length)) >>> 0;
        return { first, length, asn };
      });
    const text = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
    const property = fc.asyncProperty(
      fc.uniqueArray(prefix, { maxLength: 12, selector: ({ first, length }) => `${first}/${length}` }),
      fc.array(fc.nat(0x1ffff), { maxLength: 20 }),
      async (prefixes, lows) => {
        const networks = await table(
          ...prefixes.map(({ first, length, asn }) => `${text(first)}/${length} ${asn}`),
        );
        for (const low of lows) {
          const address = text(((10 << 24) | low) >>> 0);
          const [longest] = prefixes
            .filter(({ first, length }) =>
              ipaddr.parse(address).match(ipaddr.parseCIDR(`${text(first)}/${length}`)),
            )
            .sort((a, b) => b.length - a.length);
          expect(networks.find(address)).toEqual(
            longest && { asn: longest.asn, prefix: `${text(longest.first)}/${longest.length}` },
          );
        }
      },
    );
    await fc.assert(property);
  });
});
