import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isLoopback, targetOf } from './network.js';

describe('targetOf', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8::0001', '2001:db8::1'],
    ['2001:db8:0:1:0:0:0:1', '2001:db8:0:1::1'],
    ['[2001:DB8::1]', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:0201', '192.0.2.1'],
    ['WWW.Example.ORG', 'www.example.org'],
    ['example.org.', 'example.org'],
    ['localhost', 'localhost'],
  ])('%s is counted as %s', (host, target) => {
    expect(targetOf(host)).toBe(target);
  });

  it('gives one target for all spellings of an IPv6 address, and itself for a target', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 }), (parts) => {
        const short = parts.map((part) => part.toString(16)).join(':');
        const long = parts.map((part) => part.toString(16).padStart(4, '0').toUpperCase()).join(':');
        const target = targetOf(short);
        expect(targetOf(long)).toBe(target);
        expect(targetOf(new URL(`http://[${short}]/`).hostname)).toBe(target);
        expect(targetOf(target)).toBe(target);
      }),
    );
  });
});

describe('isLoopback', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.255.0.9', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['localhost', true],
    ['LOCALHOST.', true],
    ['a.localhost', true],
    ['128.0.0.1', false],
    ['10.0.0.1', false],
    ['::2', false],
    ['localhost.example.org', false],
    ['notlocalhost', false],
  ])('%s: %s', (host, loopback) => {
    expect(isLoopback(targetOf(host))).toBe(loopback);
  });
});
