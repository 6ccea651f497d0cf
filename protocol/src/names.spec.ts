import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isHostName, isHostNameOrIpv4, isIpLiteral, isLookupName } from './names.js';

const NEITHER = [
  '',
  ' ',
  '-W1',
  '--help',
  '+short',
  '@192.0.2.1',
  '1.2.3',
  '127.1',
  '0x7f.1',
  '0x7f000001',
  '2130706433',
  '017700000001',
  '1.2.3.4.5',
  '1.2.3.256',
  '01.2.3.4',
  '1.2.3.4.',
  '1.2.3.0x4',
  'a.0x',
  '1.2.3.4:80',
  '[::1]',
  'fe80::1%eth0',
  'fe80::1%;id',
  '::1/128',
  'example.org\n',
  '\nexample.org',
  'example.org\0',
  '192.0.2.1\n',
  'exa mple.org',
  'example.org;id',
  'example.org|id',
  '$(id)',
  '`id`',
  '${IFS}',
  "a'b",
  'a"b',
  'a\\b',
  'a&b',
  'a>b',
  'a*b',
  'a/b',
  'a,b',
  'http://example.org',
  'user@example.org',
  'foo_bar.example',
  '-example.org',
  'example-.org',
  'example.-org',
  '.example.org',
  'example..org',
  'example.org..',
  '.',
  'bücher.example',
  'ex\u0430mple.org',
  '１２７.0.0.1',
  'example。org',
  '\u202eexample.org',
  `${'a'.repeat(64)}.example`,
];

describe('targets', () => {
  it.each(NEITHER)('refuses %j', (text) => {
    expect([isIpLiteral(text), isHostName(text), isHostNameOrIpv4(text)]).toEqual([false, false, false]);
  });

  it.each<unknown>([
    null,
    undefined,
    1,
    true,
    {},
    ['192.0.2.1'],
    { $gt: '' },
    { toString: () => '192.0.2.1' },
  ])('refuses %p, which is no string', (value) => {
    expect([isIpLiteral(value), isHostName(value), isHostNameOrIpv4(value)]).toEqual([false, false, false]);
  });

  it.each(['192.0.2.1', '127.0.0.1', '0.0.0.0', '255.255.255.255'])('takes the IPv4 address %s', (text) => {
    expect([isIpLiteral(text), isHostName(text), isHostNameOrIpv4(text)]).toEqual([true, false, true]);
  });

  it.each(['::', '::1', '2001:DB8::1', '::ffff:192.0.2.1', `${'ffff:'.repeat(6)}255.255.255.255`])(
    'takes the IPv6 address %s, but not as a name',
    (text) => {
      expect([isIpLiteral(text), isHostName(text), isHostNameOrIpv4(text)]).toEqual([true, false, false]);
    },
  );

  it.each([
    'example.org',
    'example.org.',
    'localhost',
    'A-1.EXAMPLE',
    '3com.example',
    '1.2.3.4.example',
    'xn--bcher-kva.example',
    '2001.example.a0',
    `${'a'.repeat(63)}.example`,
  ])('takes the host name %s', (text) => {
    expect([isIpLiteral(text), isHostName(text), isHostNameOrIpv4(text)]).toEqual([false, true, true]);
  });

  it('takes names of 253 characters, the trailing dot not counted', () => {
    const name = (length: number) => 'a.'.repeat(length).slice(0, length - 1) + 'b';
    expect([isHostName(name(253)), isHostName(`${name(253)}.`), isHostName(name(255))]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each([
    '.',
    '_sip._tcp.example.org',
    '_443._tcp.www.example.org.',
    '_dmarc.example',
    'a_b',
    '_',
    'example.org',
  ])('takes %s for a look-up', (text) => {
    expect([isLookupName(text), isIpLiteral(text)]).toEqual([true, false]);
  });

  it.each([
    '',
    '..',
    '.a',
    'a..b',
    '-a.b',
    'a-.b',
    'a b',
    'a;b',
    '$(id)',
    '+short',
    '@a',
    'a\n',
    'ü.b',
    'x'.repeat(64),
    1,
  ])('does not take %p for a look-up', (value) => {
    expect(isLookupName(value)).toBe(false);
  });

  it('lets nothing pass that a shell or an option parser would read otherwise', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom('a', '0', '.', '-', ':', 'x', '1', '%', ';', '$', ' ', '\n') }),
    );
    fc.assert(
      fc.property(text, (value) => {
        if (isHostName(value) || isIpLiteral(value)) expect(value).toMatch(/^[0-9A-Za-z:][0-9A-Za-z.:-]*$/);
        if (isLookupName(value)) expect(value).toMatch(/^[0-9A-Za-z_.][0-9A-Za-z_.-]*$/);
      }),
      { numRuns: 2000 },
    );
  });

  it('is quick with long and repetitive input', () => {
    const started = performance.now();
    for (const part of ['a', 'a-', '-', '.', 'a.', ':', '0']) {
      isHostNameOrIpv4(part.repeat(1_000_000));
      isHostNameOrIpv4(part.repeat(120) + '!');
    }
    expect(performance.now() - started).toBeLessThan(200);
  });
});
