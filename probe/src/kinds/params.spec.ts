import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { kindByName } from './index.js';

const KINDS = [...kindByName.values()];

/** What a server may send in the place of an address or a name. */
const texts = fc.oneof(
  fc.constantFrom(
    'fe80::1%to-r1',
    '127.0.0.1 -I 10.0.0.1',
    '127.1',
    '::ffff:1.2.3.4%eth0',
    '',
    '0x7f.1',
    '-w',
  ),
  fc.string({ maxLength: 60 }),
  fc.ipV4().map((address) => `${address} `),
);

describe('the parameters of every kind', () => {
  test.each(KINDS.map((kind) => [kind.name, kind] as const))(
    '%s: no text makes the check throw',
    (_, kind) => {
      fc.assert(
        fc.property(fc.array(texts, { minLength: 1, maxLength: 3 }), texts, (list, text) => {
          for (const params of [
            { ips: list },
            { fqdns: list },
            { urls: list },
            { ips: list, fqdns: list, method: 'icmp-time', size: 30, resolver: text, address: text, x: text },
          ])
            expect(typeof kind.params.safeParse(params).success).toBe('boolean');
        }),
      );
    },
  );

  // node's isIPv6 takes a zone of any characters, ipaddr.js 2.5 does not
  test('an address with a zone is none, in a sentence of ours', () => {
    const read = kindByName.get('ping')?.params.safeParse({ ips: ['fe80::1%to-r1'] });
    expect(read?.error?.issues.map(({ path, message }) => [path.join('.'), message])).toEqual([
      ['ips.0', 'must be a list of IPv4 or IPv6 addresses'],
    ]);
  });
});
