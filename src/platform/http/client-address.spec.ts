import { describe, expect, it } from '@jest/globals';
import { addressOf, clientOf } from './client-address.js';

describe('clientOf', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::ffff', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
    ['unix:', 'unknown'],
    [undefined, 'unknown'],
  ])('counts %s as %s', (address, client) => {
    expect(clientOf(address)).toBe(client);
  });
});

describe('addressOf', () => {
  it.each([
    [0, '127.0.0.1', '192.0.2.7', '127.0.0.1'],
    [1, '127.0.0.1', '198.51.100.1, 192.0.2.7', '192.0.2.7'],
    [2, '127.0.0.1', ['198.51.100.1', '::ffff:192.0.2.7'], '198.51.100.1'],
    [3, '127.0.0.1', 'nonsense', undefined],
    [0, undefined, undefined, undefined],
    [0, '2001:DB8::1', undefined, '2001:db8::1'],
  ])('believes %s proxies', (proxies, peer, forwardedFor, address) => {
    expect(addressOf({ peer, forwardedFor }, proxies)).toBe(address);
  });
});
