import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KINDS } from '../../../measurement/kinds/index.js';
import { DomainError } from '../../../platform/errors/domain.error.js';
import { type Creation, readCreation } from './creation.js';
import { timeOf } from '../reader.js';
import { TYPE_NAMES } from './types.js';

const NOW = new Date('2026-11-30T02:00:00.000Z');
const WW = { type: 'area', value: 'WW', requested: 2 };

function read(definition: object, more: object = {}): Creation {
  return readCreation(
    { definitions: [{ af: 4, ...definition }], probes: [WW], is_oneoff: true, ...more },
    NOW,
  );
}

const paramsOf = (definition: object) => read(definition).definitions[0]!.params;

/** @returns pointers of what is refused */
function refused(work: () => unknown): string[] {
  try {
    work();
  } catch (error) {
    if (error instanceof DomainError && error.code === 'invalid_request')
      return error.violations.map(({ path = [] }) => `/${path.join('/')}`);
    throw error;
  }
  return [];
}

describe('a definition', () => {
  it('keeps what changes nothing, as it came, and refuses what is no word, number or switch', () => {
    const given = { skip_dns_check: true, target_update_hours: 12, paris: 4, port: 80, dont_fragment: false };
    const trace = { type: 'traceroute', target: '192.0.2.1', protocol: 'ICMP', ...given };
    expect(read({ ...trace, unheard_of: 1 }).definitions[0]?.told).toEqual(given);
    expect(read({ type: 'ping', target: '192.0.2.1', paris: 4 }).definitions[0]?.told).toEqual({});
    for (const wrong of [{ paris: [] }, { size: {} }, { skip_dns_check: 'x'.repeat(256) }])
      expect(refused(() => read({ ...trace, ...wrong }))).toEqual([
        `/definitions/0/${Object.keys(wrong)[0]}`,
      ]);
    const lookup = { type: 'dns', query_argument: 'nl', use_probe_resolver: true };
    for (const name of ['tls', 'use_macros', 'default_client_subnet', 'cookies'])
      expect(refused(() => read({ ...lookup, [name]: true }))).toEqual([`/definitions/0/${name}`]);
  });

  it('of a ping has the payload and the headers in its size', () => {
    expect(paramsOf({ type: 'ping', target: '192.0.2.1' })).toEqual({
      ips: ['192.0.2.1'],
      ...{ probecount: 3, size: 76, wait: 1 },
    });
    expect(
      paramsOf({
        type: 'ping',
        target: 'a.example',
        af: 6,
        packets: 5,
        packet_size: 8,
        packet_interval: 2500,
      }),
    ).toEqual({
      ...{ fqdns: ['a.example'], ipv6: '', probecount: 5, size: 56, wait: 3 },
    });
    expect(refused(() => read({ type: 'ping', target: '192.0.2.1', size: 228 }))).toEqual([
      '/definitions/0/size',
    ]);
    expect(refused(() => read({ type: 'ping', target: '192.0.2.1', packets: 101 }))).toEqual([
      '/definitions/0/packets',
    ]);
  });

  it('of a traceroute has what ripe-atlas 3.4.1 sends, nulls and all', () => {
    const sent = {
      ...{
        type: 'traceroute',
        target: '192.0.2.1',
        protocol: 'ICMP',
        packets: 3,
        timeout: 4000,
        max_hops: 255,
        size: 48,
      },
      ...{
        paris: 0,
        first_hop: 1,
        port: 80,
        destination_option_size: null,
        hop_by_hop_option_size: null,
        dont_fragment: false,
      },
    };
    expect(paramsOf(sent)).toEqual({
      ...{ ips: ['192.0.2.1'], method: 'icmp-paris', attempts: 3, firsthop: 1, maxttl: 255, wait: 4 },
    });
    expect(
      paramsOf({ ...sent, protocol: 'udp', max_hops: null, response_timeout: 1, timeout: null }),
    ).toEqual({
      ...{
        ips: ['192.0.2.1'],
        method: 'udp-paris',
        attempts: 3,
        firsthop: 1,
        maxttl: 32,
        wait: 1,
        dport: 80,
      },
    });
    expect(refused(() => read({ ...sent, packets: 11 }))).toEqual(['/definitions/0/packets']);
    expect(refused(() => read({ ...sent, timeout: 20_001 }))).toEqual(['/definitions/0/timeout']);
  });

  it('of dns asks a server, or that of the probe', () => {
    const query = { type: 'dns', query_class: 'IN', query_type: 'soa', query_argument: 'nl' };
    expect(
      paramsOf({ ...query, target: '192.0.2.53', set_rd_bit: false, set_nsid_bit: true, protocol: 'TCP' }),
    ).toEqual({
      ...{ fqdns: ['nl'], type: 'soa', tcp: '', resolver: '192.0.2.53', rd: false, nsid: '' },
    });
    expect(paramsOf({ ...query, use_probe_resolver: true, udp_payload_size: 4096 })).toEqual({
      ...{ fqdns: ['nl'], type: 'soa', udp_size: 4096 },
    });
    // the probe's own are of any family, whatever is said
    for (const af of [4, 6])
      expect(read({ ...query, use_probe_resolver: true, af }).definitions).toMatchObject([
        { family: undefined, told: { af } },
      ]);
    for (const name of ['tls', 'prepend_probe_id', 'use_macros'])
      expect(refused(() => read({ ...query, [name]: true }))).toEqual([`/definitions/0/${name}`]);
    expect(refused(() => read({ ...query, query_class: 'CHAOS' }))).toEqual(['/definitions/0/query_class']);
    expect(refused(() => read({ ...query, query_argument: undefined }))).toEqual([
      '/definitions/0/query_argument',
    ]);
    expect(refused(() => read({ ...query, query_type: 'NONE' }))).toEqual(['/definitions/0/query_type']);
  });

  it('of http, sslcert and ntp', () => {
    const http = {
      type: 'http',
      target: '2001:db8::1',
      af: 6,
      https: true,
      path: '/x',
      query_string: 'a=1',
      port: 8443,
    };
    expect(paramsOf(http)).toEqual({ urls: ['https://[2001:db8::1]:8443/x?a=1'], method: 'GET' });
    expect(paramsOf({ type: 'http', target: 'a.example', method: 'head', max_bytes_read: 10 })).toEqual({
      ...{ urls: ['http://a.example/'], method: 'HEAD', ipv4: '', max_body_bytes: 10 },
    });
    expect(refused(() => read({ ...http, method: 'POST' }))).toEqual(['/definitions/0/method']);
    expect(paramsOf({ type: 'sslcert', target: '192.0.2.1', hostname: 'www.example', port: 853 })).toEqual({
      ...{ ips: ['192.0.2.1'], port: 853, server_name: 'www.example' },
    });
    expect(paramsOf({ type: 'sslcert', target: '192.0.2.1', hostname: '192.0.2.1' })).toEqual({
      ips: ['192.0.2.1'],
    });
    // blaeu-ntp 2.2.1 sends port and size of another type
    expect(
      paramsOf({ type: 'ntp', target: '192.0.2.1', port: 80, size: 64, packets: 3, timeout: 4001 }),
    ).toEqual({
      ...{ ips: ['192.0.2.1'], samples: 3, timeout_s: 5 },
    });
    expect(refused(() => read({ type: 'ntp', target: '192.0.2.1', packets: 11 }))).toEqual([
      '/definitions/0/packets',
    ]);
  });

  it.each([
    ['ping', 'size', 227],
    ['ping', 'packet_interval', 20_000],
    ['traceroute', 'timeout', 20_000],
    ['traceroute', 'response_timeout', 20_000],
    ['ntp', 'timeout', 10_000],
  ])('of a %s bounds %s in the units that the caller wrote it in', (type, name, most) => {
    expect(refused(() => read({ type, target: '192.0.2.1', [name]: most }))).toEqual([]);
    expect(() => read({ type, target: '192.0.2.1', [name]: most + 1 })).toThrow(`from 0 to ${most}`);
  });

  it('has a target of the family that it names', () => {
    expect(refused(() => read({ type: 'ping', target: '2001:db8::1' }))).toEqual(['/definitions/0/target']);
    expect(refused(() => read({ type: 'ping' }))).toContain('/definitions/0/target');
    expect(refused(() => read({ type: 'ping', target: 'a b' }))).toEqual(['/definitions/0/target']);
    expect(refused(() => read({ type: 'wifi', target: 'a.example' }))).toEqual(['/definitions/0/type']);
    expect(refused(() => read({ type: 'ping', target: 'a.example', af: 5 }))).toEqual(['/definitions/0/af']);
    expect(refused(() => read({ type: 'ping', target: 'a.example', description: 'x'.repeat(256) }))).toEqual([
      '/definitions/0/description',
    ]);
  });
});

describe('times', () => {
  const scheduleOf = (definition: object, more: object) =>
    read({ target: '192.0.2.1', ...definition }, more).definitions[0]!.schedule;

  it('are UNIX seconds or RFC 3339', () => {
    expect(timeOf(1796004000)).toEqual(NOW);
    expect(timeOf('1796004000')).toEqual(NOW);
    expect(timeOf('2026-11-30T03:00:00+01:00')).toEqual(NOW);
    expect(timeOf('2026-11-30T02:00:00')).toEqual(NOW);
    expect(timeOf('2026-11-30 02:00')).toEqual(NOW);
    for (const wrong of ['x', '2026-13-01', true, -1, {}, '2026-11-30T25:00'])
      expect(timeOf(wrong)).toBeUndefined();
  });

  it('of a one-off are its start', () => {
    expect(scheduleOf({ type: 'ping', interval: 1 }, {})).toEqual({ type: 'once', at: NOW });
    expect(scheduleOf({ type: 'ping', spread: 9 }, { start_time: 1796004060 })).toEqual({
      ...{ type: 'once', at: new Date(NOW.getTime() + 60_000), spread_s: 9 },
    });
  });

  it.each([
    ['ping', 240],
    ['dns', 240],
    ['traceroute', 900],
    ['sslcert', 900],
    ['ntp', 1800],
    ['http', 1800],
  ])('of a periodic %s without an interval are every %i s, for 30 days', (type, every_s) => {
    const definition = { type, query_argument: 'nl' };
    expect(scheduleOf(definition, { is_oneoff: false })).toEqual({
      ...{ type: 'interval', every_s, start: NOW, stop: new Date(NOW.getTime() + 30 * 86_400_000) },
    });
    expect(
      scheduleOf(
        { ...definition, interval: 60 },
        { is_oneoff: undefined, stop_time: '2026-11-30T03:00:00Z' },
      ),
    ).toMatchObject({
      ...{ every_s: 60, stop: new Date('2026-11-30T03:00:00Z') },
    });
  });

  it('are refused where they cannot be', () => {
    const ping = { type: 'ping', target: '192.0.2.1' };
    expect(refused(() => read(ping, { is_oneoff: false, stop_time: 1796003999 }))).toEqual(['/stop_time']);
    expect(refused(() => read(ping, { start_time: 1796000000 }))).toEqual(['/start_time']);
    expect(refused(() => read(ping, { start_time: 'soon' }))).toEqual(['/start_time']);
    expect(refused(() => read({ ...ping, spread: 61, interval: 60 }, { is_oneoff: false }))).toEqual([
      '/definitions/0/spread',
    ]);
  });
});

describe('sources', () => {
  const sourceOf = (source: object) =>
    read({ type: 'ping', target: '192.0.2.1' }, { probes: [source] }).sources[0]!;

  it('name probes in the ways of Atlas', () => {
    const chosen = (type: string, value: unknown) => sourceOf({ type, value, requested: 3 }).chosen;
    expect(chosen('area', 'ww')).toEqual({ type: 'area', area: 'WW' });
    expect(chosen('country', 'nl')).toEqual({ type: 'countries', countries: ['NL'] });
    expect(chosen('countries', 'NL, de')).toEqual({ type: 'countries', countries: ['NL', 'DE'] });
    expect(chosen('region', 'southern_europe')).toEqual({ type: 'region', region: 'southern_europe' });
    expect([chosen('asn', 64496), chosen('asn', '64496')]).toEqual(
      Array(2).fill({ type: 'asn', asn: 64_496 }),
    );
    expect(chosen('prefix', '2001:db8::/32')).toEqual({ type: 'prefix', prefix: '2001:db8::/32' });
    expect(chosen('probes', '1, 2,34')).toEqual({ type: 'probes', numbers: [1, 2, 34] });
    expect([chosen('msm', 1_000_001), chosen('msm', '1000001')]).toEqual(
      Array(2).fill({ type: 'msm', number: 1_000_001 }),
    );
  });

  it('have tags, in lower case, and how many', () => {
    expect(sourceOf({ ...WW, requested: -1, tags: { include: ['NAT'], exclude: null } })).toEqual({
      ...{ chosen: { type: 'area', area: 'WW' }, requested: undefined, include: ['nat'], exclude: [] },
    });
    expect(sourceOf({ type: 'probes', value: 7 }).requested).toBeUndefined();
  });

  it.each([
    [{ type: 'area', value: 'Mars', requested: 1 }, '/probes/0/value'],
    [{ type: 'asn', value: 'x', requested: 1 }, '/probes/0/value'],
    [{ type: 'probes', value: '1,x', requested: 1 }, '/probes/0/value'],
    [{ type: 'moon', value: 'x', requested: 1 }, '/probes/0/type'],
    [{ type: 'area', value: 'WW', requested: 0 }, '/probes/0/requested'],
    [{ type: 'area', value: 'WW' }, '/probes/0/requested'],
    [{ ...WW, tags: { include: 'x' } }, '/probes/0/tags/include'],
  ])('of no sense are refused: %j', (source, pointer) => {
    expect(refused(() => sourceOf(source))).toEqual([pointer]);
  });

  it('are needed, and so are definitions', () => {
    expect(refused(() => readCreation({}, NOW))).toEqual(['/definitions', '/probes']);
    expect(refused(() => readCreation({ definitions: [1], probes: [{}] }, NOW))).toContain('/definitions/0');
  });
});

describe('whatever is asked for', () => {
  const scalar = fc.oneof(
    fc.integer({ min: -10, max: 70_000 }),
    fc.string({ maxLength: 12 }),
    fc.boolean(),
    fc.constant(null),
  );
  const member = fc.constantFrom(
    ...[
      'af',
      'target',
      'packets',
      'size',
      'packet_interval',
      'protocol',
      'max_hops',
      'first_hop',
      'timeout',
      'port',
      'interval',
    ],
    ...[
      'spread',
      'query_argument',
      'query_type',
      'query_class',
      'set_rd_bit',
      'udp_payload_size',
      'method',
      'path',
      'https',
      'tags',
    ],
  );
  const definition = fc
    .tuple(
      fc.constantFrom(...TYPE_NAMES),
      fc.constantFrom('192.0.2.1', '2001:db8::1', 'a.example'),
      fc.dictionary(member, scalar, { maxKeys: 6 }),
    )
    .map(([type, target, members]) => ({
      type,
      target,
      query_argument: 'nl',
      af: target.includes(':') ? 6 : 4,
      ...members,
    }));

  it('is either refused with its pointer, or taken by the kind as it stands', () => {
    let taken = 0;
    fc.assert(
      fc.property(definition, fc.boolean(), (asked, is_oneoff) => {
        const pointers = refused(() => {
          for (const { kind, params } of readCreation({ definitions: [asked], probes: [WW], is_oneoff }, NOW)
            .definitions) {
            KINDS[kind].check(params, 'refuse');
            taken += 1;
          }
        });
        for (const pointer of pointers) expect(pointer).toMatch(/^\/definitions\/0\/\w+$/);
      }),
      { numRuns: 500 },
    );
    expect(taken).toBeGreaterThan(20);
  });
});
