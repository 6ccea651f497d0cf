import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readRequest } from './read-request.js';

const read = (body: object, most = 500) => readRequest(body as Record<string, unknown>, most);
const wrong = (body: object, most = 500) => {
  const found = read(body, most);
  return 'params' in found ? found.params : {};
};
const right = (body: object) => {
  const found = read(body);
  if ('params' in found) throw new Error(JSON.stringify(found.params));
  return found.request;
};
const PING = { type: 'ping', target: 'example.org' };

describe('a request of Globalping', () => {
  it('has every default spelled out', () => {
    // Globalping's API, `measurementOptions` of 1.0 (jsdelivr/globalping, src/measurement/schema/utils.ts)
    expect(right(PING)).toEqual({
      type: 'ping',
      target: 'example.org',
      options: { protocol: 'ICMP', packets: 3, port: 80, ipVersion: 4 },
      timeout: 10,
      inProgressUpdates: false,
      limit: 1,
      locations: [],
    });
    expect(right({ type: 'http', target: 'example.org' })).toMatchObject({
      timeout: 15,
      options: {
        request: { method: 'HEAD', path: '/', query: '', headers: {} },
        protocol: 'HTTPS',
        ipVersion: 4,
      },
    });
    expect(right({ type: 'dns', target: 'example.org' })).toMatchObject({
      timeout: 10,
      options: { query: { type: 'A' }, protocol: 'UDP', port: 53, trace: false, ipVersion: 4 },
    });
    expect(right({ type: 'mtr', target: '1.1.1.1', measurementOptions: { packets: 16 } })).toMatchObject({
      timeout: 17,
      options: { protocol: 'ICMP', packets: 16, port: 80 },
    });
    expect(right({ type: 'ping', target: 'a.org', measurementOptions: { packets: 16 } }).timeout).toBe(11);
    expect(right({ type: 'dns', target: 'a.org', measurementOptions: { trace: true } }).timeout).toBe(25);
    expect(right({ type: 'traceroute', target: '2606:4700::1111' }).options).toEqual({
      protocol: 'ICMP',
      port: 80,
      ipVersion: 6,
    });
  });

  it('takes words in any case', () => {
    const request = right({
      type: 'DNS',
      target: '1.1.1.1',
      measurementOptions: { query: { type: 'ptr' }, protocol: 'tcp' },
      locations: [{ country: 'ar', continent: 'sa', region: 'SOUTH america' }, { state: 'ca' }],
    });
    expect(request).toMatchObject({
      type: 'dns',
      options: { query: { type: 'PTR' }, protocol: 'TCP' },
      limit: 2,
      locations: [
        { country: 'AR', continent: 'SA', region: 'South America', limit: 1 },
        { state: 'CA', limit: 1 },
      ],
    });
  });

  it('names all that is wrong at once, by dotted paths', () => {
    expect(
      wrong({
        type: 'ping',
        target: '10.0.0.1',
        timeout: 4,
        inProgressUpdates: 'yes',
        color: 'red',
        limit: 501,
        measurementOptions: { packets: 17, protocol: 'UDP', ttl: 1, ipVersion: 4 },
        locations: [{ country: 'XX', limit: 2 }, {}, { magic: 'a+b+c+d+e', city: '' }],
      }),
    ).toEqual({
      target: 'must not be a private or otherwise special address',
      timeout: 'must be a whole number from 5 to 30',
      inProgressUpdates: 'must be true or false',
      color: 'is not known here',
      limit: 'must be a whole number from 1 to 500',
      'measurementOptions.packets': 'must be a whole number from 1 to 16',
      'measurementOptions.protocol': 'must be one of ICMP, TCP',
      'measurementOptions.ttl': 'is not known here',
      'measurementOptions.ipVersion': 'must be given with a target that is a name only',
      'locations.0.country': 'must be a code of two letters (ISO 3166-1)',
      'locations.0.limit': 'must not be given beside a limit for all locations',
      'locations.1': expect.stringContaining('must have at least one of continent'),
      'locations.2.magic': 'must have 4 terms at most',
      'locations.2.city': 'must be a text of 1 to 128 characters',
    });
    expect(wrong({})).toEqual({
      type: 'must be one of ping, traceroute, dns, mtr, http',
      target: 'must be an address or a name',
    });
    expect(
      wrong(
        {
          type: 'ping',
          locations: [
            { magic: 'x', limit: 30 },
            { magic: 'y', limit: 21 },
          ],
        },
        50,
      ),
    ).toEqual({
      target: 'must be an address or a name',
      locations: 'must not ask for more than 50 tests in all',
    });
  });

  it('takes no line breaks into what becomes an HTTP request, and no names of headers that are none', () => {
    const of = (request: object) =>
      wrong({ type: 'http', target: 'example.org', measurementOptions: { request } });
    const at = 'measurementOptions.request';
    const field = expect.stringContaining('must be a header field');
    const line = expect.stringContaining('must be one line');
    expect(of({ headers: { a: 'b\r\nc: d', 'x y': '1', '': '2', fine: 'é, "q"' } })).toEqual({
      [`${at}.headers.a`]: field,
      [`${at}.headers.x y`]: field,
      [`${at}.headers.`]: field,
    });
    expect(of({ path: '/ HTTP/1.1\r\nHost: b', query: 'a\u0000' })).toEqual({
      [`${at}.path`]: line,
      [`${at}.query`]: line,
    });
  });

  it.each([
    ...[
      '127.0.0.1',
      '10.1.2.3',
      '100.64.0.1',
      '169.254.1.1',
      '192.0.2.1',
      '224.0.0.1',
      '255.255.255.255',
      '0.0.0.0',
    ],
    ...[
      '::1',
      '[::1]',
      'fe80::1',
      'fc00::1',
      '2001:db8::1',
      '::ffff:10.0.0.1',
      'localhost.',
      'a.localhost',
      'localhost',
    ],
    ...['127.1', '0x7f.1', '2130706433', 'single', 'a b.org', '-x.org', ''],
  ])('refuses the target %p', (target) => {
    for (const type of ['ping', 'traceroute', 'mtr', 'http'])
      expect(Object.keys(wrong({ type, target }))).toEqual(['target']);
  });

  it('names all that is wrong, also where it does not know what it is for', () => {
    expect(
      Object.keys(wrong({ type: 'x', target: '10.1.2.3', measurementOptions: 5, limit: 0 })).sort(),
    ).toEqual(['limit', 'measurementOptions', 'target', 'type']);
    for (const measurementOptions of [null, [], 'x', 1])
      expect(wrong({ ...PING, measurementOptions })).toEqual({ measurementOptions: 'must be an object' });
  });

  it('asks for an address with PTR, and for a name with all others', () => {
    expect(wrong({ type: 'dns', target: '1.1.1.1' })).toHaveProperty('target');
    expect(
      wrong({ type: 'dns', target: 'example.org', measurementOptions: { query: { type: 'PTR' } } }),
    ).toHaveProperty('target');
    for (const target of ['.', 'org', '_dmarc.example.org', 'example.org.'])
      expect(wrong({ type: 'dns', target })).toEqual({});
    expect(wrong({ type: 'dns', target: 'a.org', measurementOptions: { resolver: '10.0.0.1' } })).toEqual({
      'measurementOptions.resolver': 'must not be a private or otherwise special address',
    });
  });

  it('takes an earlier measurement for its locations', () => {
    expect(right({ ...PING, locations: 'abc123' })).toMatchObject({ locations: 'abc123', limit: 1 });
  });

  it('reads whatever JSON there is: a request, or what is wrong with it', () => {
    const members = fc.record(
      {
        type: fc.oneof(fc.constantFrom('ping', 'http', 'dns', 'mtr', 'traceroute'), fc.jsonValue()),
        target: fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6(), fc.jsonValue()),
        measurementOptions: fc.jsonValue(),
        timeout: fc.jsonValue(),
        limit: fc.oneof(fc.nat(600), fc.jsonValue()),
        inProgressUpdates: fc.jsonValue(),
        locations: fc.oneof(fc.array(fc.record({ magic: fc.string() })), fc.jsonValue()),
        [`__proto__x`]: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(members, (body) => {
        const found = read(body);
        if ('params' in found) expect(Object.keys(found.params).length).toBeGreaterThan(0);
        else expect(found.request.limit).toBeLessThanOrEqual(500);
      }),
    );
  });
});
