import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isMeasurableUrl } from './url.js';

const host = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV4Extended(),
  fc.ipV6(),
  fc.string({ unit: fc.constantFrom('a', 'F', '0', '1', '.', '-', '_', ':', 'x', '%'), maxLength: 70 }),
  fc.string(),
);

const url = fc.oneof(
  fc.webUrl({ withFragments: true, withQueryParameters: true }),
  fc
    .tuple(
      fc.constantFrom('http://', 'https://', 'HTTP://', 'ftp://'),
      host,
      fc.constantFrom('', '/', '?a', ':80/', ':0/', '@a/', '#'),
    )
    .map((parts) => parts.join('')),
  host.map((address) => `http://[${address}]/`),
  fc
    .webUrl()
    .chain((whole) =>
      fc
        .tuple(fc.nat(whole.length), fc.string({ maxLength: 2 }))
        .map(([at, more]) => whole.slice(0, at) + more + whole.slice(at)),
    ),
);

describe('URLs that may be measured', () => {
  it('have the host that they show, no credentials and no fragment', () => {
    fc.assert(
      fc.property(url, (value) => {
        if (!isMeasurableUrl(value)) return;
        const { protocol, hostname, username, password, hash } = new URL(value);
        expect(['http:', 'https:']).toContain(protocol);
        expect([username, password, hash]).toEqual(['', '', '']);
        if (!hostname.startsWith('[')) expect(value.toLowerCase()).toContain(`//${hostname}`);
      }),
      { numRuns: 1500 },
    );
  });
});
