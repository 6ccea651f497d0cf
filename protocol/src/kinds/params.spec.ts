import { describe, expect, it } from '@jest/globals';
import { dnsParams, httpParams, ntpParams, pingParams, tlsParams, violationsOf } from './index.js';

const wrongs = (schema: typeof pingParams.schema, params: unknown) => {
  const read = schema.safeParse(params);
  return read.success ? [] : violationsOf(read.error, 'params');
};

describe('the parameters of a kind', () => {
  it('have their defaults where they are absent', () => {
    expect(pingParams.schema.parse({ ips: ['192.0.2.1'] })).toEqual({
      ips: ['192.0.2.1'],
      fqdns: [],
      probecount: 4,
      timeout: 2,
    });
    expect(dnsParams.schema.parse({ fqdns: ['a'] })).toMatchObject({
      type: 'a',
      class: 'in',
      rd: true,
      udp_size: 1232,
    });
    expect(httpParams.schema.parse({ urls: ['http://a/'] })).toMatchObject({ timeout_s: 10, method: 'GET' });
    expect(tlsParams.schema.parse({ fqdns: ['a'] })).toMatchObject({ port: 443, alpn: [], timeout_s: 10 });
    expect(ntpParams.schema.parse({ fqdns: ['a'] })).toMatchObject({ port: 123, samples: 4, timeout_s: 2 });
  });

  it('are named with what would be right, all that are wrong at once', () => {
    expect(
      wrongs(pingParams.schema, { ips: ['192.0.2.1', '127.1', 5], probecount: 1.5, ipv4: true }),
    ).toEqual([
      {
        field: 'params.ips',
        message: 'must be a list of IPv4 or IPv6 addresses (wrong at position 1, 2, counted from 0)',
        positions: [1, 2],
      },
      { field: 'params.probecount', message: 'must be an integer from 1 to 100' },
      { field: 'params.ipv4', message: "must be '' (an empty string)" },
    ]);
  });

  it('name a destination, also beside another mistake', () => {
    expect(wrongs(pingParams.schema, { size: 0 })).toEqual([
      { field: 'params.size', message: 'must be an integer from 1 to 255' },
      { field: 'params', message: 'must name at least one destination in ips or fqdns' },
    ]);
  });

  it('are told in a few words, however many are wrong', () => {
    const ips = Array.from({ length: 500_000 }, () => 0);
    expect(wrongs(pingParams.schema, { ips })).toEqual([
      { field: 'params.ips', message: 'must have at most 1000 entries' },
    ]);
    expect(wrongs(pingParams.schema, { ips: ips.slice(0, 1000) })).toEqual([
      {
        field: 'params.ips',
        message:
          'must be a list of IPv4 or IPv6 addresses (wrong at position 0, 1, 2, 3, 4 and more, counted from 0)',
        positions: Array.from({ length: 1000 }, (_each, index) => index),
      },
    ]);
  });
});
