import { describe, expect, it } from '@jest/globals';
import { isSpecialAddress } from '../targets/special-addresses.js';
import { type KindName, KINDS } from './index.js';
import { inGlobalpingWords } from './globalping-words.js';

/** What an operation has stored of what was asked for. */
const words = (kind: KindName, params: object) =>
  inGlobalpingWords({ kind, params: KINDS[kind].check(params, 'refuse').wire });

/** Members and defaults: the contract of probe 0.50.2, section 3. */
describe('inGlobalpingWords', () => {
  it.each([
    [
      ...(['ping', { ips: ['9.9.9.9'], fqdns: ['example.org'], probecount: 16 }] as const),
      [
        {
          ...{ type: 'ping', target: '9.9.9.9', ipVersion: 4, timeout: 11, inProgressUpdates: false },
          ...{ packets: 16, protocol: 'ICMP', port: 80 },
        },
        {
          ...{ type: 'ping', target: 'example.org', ipVersion: 4, timeout: 11, inProgressUpdates: true },
          ...{ packets: 16, protocol: 'ICMP', port: 80 },
        },
      ],
    ],
    [
      ...(['ping', { fqdns: ['example.org'], method: 'tcp-syn', dport: 443, ipv6: '' }] as const),
      [
        {
          ...{ type: 'ping', target: 'example.org', ipVersion: 6, timeout: 10, inProgressUpdates: true },
          ...{ packets: 4, protocol: 'TCP', port: 443 },
        },
      ],
    ],
    [
      ...(['traceroute', { ips: ['2001:4860:4860::8888'] }] as const),
      [
        {
          ...{ type: 'traceroute', target: '2001:4860:4860::8888', ipVersion: 6, timeout: 10 },
          ...{ inProgressUpdates: false, protocol: 'UDP', port: 80 },
        },
      ],
    ],
    [
      ...(['traceroute', { ips: ['9.9.9.9'], method: 'tcp', dport: 443 }] as const),
      [
        {
          ...{ type: 'traceroute', target: '9.9.9.9', ipVersion: 4, timeout: 10 },
          ...{ inProgressUpdates: false, protocol: 'TCP', port: 443 },
        },
      ],
    ],
    [
      ...(['dns', { fqdns: ['example.org'], type: 'aaaa', resolver: '9.9.9.9', tcp: '' }] as const),
      [
        {
          ...{ type: 'dns', target: 'example.org', ipVersion: 4, timeout: 10, inProgressUpdates: false },
          ...{ query: { type: 'AAAA' }, resolver: '9.9.9.9', protocol: 'TCP', port: 53, trace: false },
        },
      ],
    ],
    [
      ...(['mtr', { fqdns: ['example.org'], packets: 16, protocol: 'tcp', port: 443 }] as const),
      [
        {
          ...{ type: 'mtr', target: 'example.org', ipVersion: 4, timeout: 17, inProgressUpdates: false },
          ...{ packets: 16, protocol: 'TCP', port: 443 },
        },
      ],
    ],
    [
      ...(['http', { urls: ['http://example.org:8080/a?b=c', 'https://[2001:4860:4860::8888]/'] }] as const),
      [
        {
          ...{ type: 'http', target: 'example.org', ipVersion: 4, timeout: 15, inProgressUpdates: false },
          ...{
            request: { method: 'GET', path: '/a', query: 'b=c', headers: {} },
            protocol: 'HTTP',
            port: 8080,
          },
        },
        {
          ...{ type: 'http', target: '2001:4860:4860::8888', ipVersion: 6, timeout: 15 },
          ...{ inProgressUpdates: false, request: { method: 'GET', path: '/', query: '', headers: {} } },
          ...{ protocol: 'HTTPS', port: 443 },
        },
      ],
    ],
  ])('says %s %j with every default', (kind, params, requests) => {
    expect(words(kind as KindName, params)).toEqual(requests);
  });

  it.each([
    ['tls', { fqdns: ['example.org'] }, 'tls'],
    ['ping', { ips: ['9.9.9.9'], probecount: 17 }, 'params.probecount is 17'],
    ['ping', { ips: ['9.9.9.9'], size: 100 }, 'params.size'],
    ['ping', { ips: ['9.9.9.9'], method: 'udp' }, 'params.method udp'],
    ['ping', { ips: ['9.9.9.9'], timeout: 9 }, 'params.timeout but 2'],
    ['ping', { ips: ['9.9.9.9'], dport: 9 }, 'params.dport'],
    ['ping', { ips: ['9.9.9.9'], ipv6: '' }, 'address family'],
    ['ping', { ips: ['9.9.9.9', '192.168.0.1'] }, 'public targets only, and 192.168.0.1'],
    ['traceroute', { ips: ['9.9.9.9'], maxttl: 5 }, 'params.maxttl'],
    ['traceroute', { ips: ['9.9.9.9'], dport: 33_435 }, 'params.dport'],
    ['dns', { fqdns: ['example.org'], type: 'axfr' }, 'type axfr'],
    ['dns', { fqdns: ['example.org'], do: '' }, 'params.do'],
    ['dns', { fqdns: ['example.org'], resolver: '10.0.0.1' }, 'public resolvers only'],
    ['http', { urls: ['https://127.0.0.1/'] }, 'public targets only'],
    ['http', { urls: ['https://example.org/'], max_body_bytes: 5 }, 'params.max_body_bytes'],
    ['mtr', { ips: ['::ffff:10.0.0.1'] }, 'public targets only'],
  ] as [KindName, object, string][])('cannot say %s %j', (kind, params, why) => {
    expect(words(kind, params)).toContain(why);
  });

  it.each([
    ['ping', 'example.org', true],
    ['traceroute', 'example.org', true],
    ['ping', '9.9.9.9', false],
    ['http', 'example.org', false],
  ])('asks a %s of %s for progress whatever its wording says: %s', (type, target, isAsked) => {
    for (const inProgressUpdates of [true, false]) {
      const request = { type, target, timeout: 10, ipVersion: 4, inProgressUpdates };
      const job = { kind: type, params: {}, wording: { protocol: 'globalping', request } };
      expect(inGlobalpingWords(job)).toEqual([{ ...request, inProgressUpdates: isAsked }]);
    }
  });

  it('sends as it is what was asked for in its own words', () => {
    const request = {
      type: 'dns',
      target: 'example.org',
      timeout: 25,
      trace: true,
      inProgressUpdates: false,
    };
    const job = { kind: 'dns', params: { fqdns: ['example.org'] } };
    expect(inGlobalpingWords({ ...job, wording: { protocol: 'globalping', request } })).toEqual([request]);
    const hidden = { ...request, type: 'ping', target: '10.0.0.1' };
    expect(inGlobalpingWords({ ...job, wording: { protocol: 'globalping', request: hidden } })).toContain(
      '10.0.0.1',
    );
    // another platform's words are none of its own
    expect(inGlobalpingWords({ ...job, wording: { protocol: 'other', request } })).toMatchObject([
      { trace: false },
    ]);
  });
});

/** IANA's registries of special addresses (RFC 6890). */
describe('isSpecialAddress', () => {
  it.each([
    ...['10.1.2.3', '100.64.0.1', '127.0.0.1', '169.254.169.254', '172.31.0.1', '192.0.2.1', '192.88.99.1'],
    ...[
      '192.168.1.1',
      '198.18.0.1',
      '198.51.100.1',
      '203.0.113.1',
      '224.0.0.1',
      '255.255.255.255',
      '0.0.0.0',
    ],
    ...['::', '::1', '::ffff:10.0.0.1', 'fc00::1', 'fe80::1', 'ff02::1', '2001:db8::1', '100::1', '3fff::1'],
  ])('%s is', (address) => {
    expect(isSpecialAddress(address)).toBe(true);
  });

  it.each(['9.9.9.9', '93.184.216.34', '2001:4860:4860::8888', '2620:fe::fe', 'example.org', ''])(
    '%s is not',
    (address) => {
      expect(isSpecialAddress(address)).toBe(false);
    },
  );
});
