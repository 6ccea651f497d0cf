import { describe, expect, it } from '@jest/globals';
import { inClassicWords } from './classic-words.js';
import type { Violation } from '@pladmed/protocol';
import { InvalidParamsError } from '../params/invalid-params.error.js';
import { KINDS, KIND_NAMES, isKindName } from './index.js';
import type { UnknownMembers } from '../params/check-object.js';

const TARGET = { ips: ['192.0.2.1'] };

function violations(
  kind: keyof typeof KINDS,
  raw: unknown,
  unknownMembers: UnknownMembers = 'ignore',
): Violation[] {
  try {
    KINDS[kind].check(raw, unknownMembers);
    return [];
  } catch (error) {
    if (error instanceof InvalidParamsError) return error.violations;
    throw error;
  }
}

const fields = (...args: Parameters<typeof violations>): string[] =>
  violations(...args).map(({ field }) => field);

describe('kinds', () => {
  it('are the classic three, with their prices, and others that only the native API has', () => {
    for (const name of KIND_NAMES) expect(KINDS[name].name).toBe(name);
    const classic = KIND_NAMES.filter((name) => KINDS[name].classicParams !== undefined);
    expect(classic.map((name) => [name, KINDS[name].unitCost])).toEqual([
      ['ping', 1],
      ['traceroute', 15],
      ['dns', 1],
    ]);
    for (const name of KIND_NAMES.filter((each) => !classic.includes(each)))
      expect(violations(name, KINDS[name].example.params, 'ignore')).toEqual([
        { field: 'kind', message: `must be a classic one, not ${name}` },
      ]);
  });

  it.each(KIND_NAMES)('%s: has the defaults that its schema gives to what is absent', (name) => {
    const { params, example } = KINDS[name];
    expect({ ...params.defaults, ...example.params }).toEqual(params.schema.parse(example.params));
  });

  it.each(KIND_NAMES)('%s: its example is right', (name) => {
    expect(fields(name, KINDS[name].example.params, 'refuse')).toEqual([]);
  });

  it.each(['constructor', '__proto__', 'toString', '', null, 1, ['ping']])('takes %p for no kind', (name) => {
    expect(isKindName(name)).toBe(false);
  });

  describe('numbers', () => {
    const ranges = [
      ['traceroute', 'attempts', 1, 10],
      ['traceroute', 'dport', 1, 65_535],
      ['traceroute', 'sport', 1, 65_535],
      ['traceroute', 'firsthop', 1, 255],
      ['traceroute', 'maxttl', 1, 255],
      ['traceroute', 'wait', 1, 20],
      ['traceroute', 'wait-probe', 0, 100],
      ['ping', 'probecount', 1, 100],
      ['ping', 'icmp-sum', 1, 65_535],
      ['ping', 'dport', 1, 65_535],
      ['ping', 'sport', 1, 65_535],
      ['ping', 'size', 1, 255],
      ['ping', 'timeout', 0, 100],
      ['ping', 'wait', 1, 20],
    ] as const;

    it.each(ranges)('%s takes %s from %d to %d and nothing beside', (kind, name, minimum, maximum) => {
      for (const right of [minimum, maximum]) expect(fields(kind, { ...TARGET, [name]: right })).toEqual([]);
      const wrong = [
        minimum - 1,
        maximum + 1,
        minimum + 0.5,
        String(minimum),
        true,
        null,
        [minimum],
        {},
        NaN,
        Infinity,
        '',
      ];
      for (const value of wrong)
        expect(fields(kind, { ...TARGET, [name]: value })).toEqual([`params.${name}`]);
    });

    it('takes a confidence with a fraction, from 0 to 0.99', () => {
      for (const right of [0, 0.5, 0.99])
        expect(fields('traceroute', { ...TARGET, confidence: right })).toEqual([]);
      for (const wrong of [-0.01, 0.991, 1, '0.5', NaN, null, true]) {
        expect(fields('traceroute', { ...TARGET, confidence: wrong })).toEqual(['params.confidence']);
      }
    });

    it('says what would be right, of all that is wrong', () => {
      const wrong = { ...TARGET, maxttl: 0, method: 'tcp' };
      expect(() => KINDS.traceroute.check(wrong, 'ignore')).toThrow(
        /params\.maxttl must be an integer from 1 to 255; params\.method must be one of icmp-paris, icp, udp-paris|params\.method .*; params\.maxttl /,
      );
    });
  });

  describe('words', () => {
    it.each([
      ['traceroute', 'icp'],
      ['ping', 'tcp-ack-sport'],
    ] as const)('%s takes its own methods, as written', (kind, method) => {
      expect(fields(kind, { ...TARGET, method })).toEqual([]);
      for (const wrong of [method.toUpperCase(), `${method} `, '', [method], 'toString', { $gt: '' }]) {
        expect(fields(kind, { ...TARGET, method: wrong })).toEqual(['params.method']);
      }
    });
  });

  describe.each(['ping', 'traceroute'] as const)('the families of a %s', (kind) => {
    it('are switches of the native API; a classic caller has none', () => {
      const params = { ...TARGET, ipv4: '', ipv6: '' };
      expect(KINDS[kind].check(params, 'refuse').wire).toEqual(params);
      expect(() => KINDS[kind].check({ ...TARGET, ipv6: true }, 'refuse')).toThrow(/params\.ipv6 must be ''/);
      expect(KINDS[kind].check(params, 'ignore').wire).toEqual(TARGET);
      const schedule = { type: 'cron' as const, cron: '* * * * *', times_per_minute: 1 };
      const job = { kind, params: { ...TARGET, ipv6: '' }, schedule: schedule as never };
      expect(inClassicWords(job)).toBe('a classic probe does not know params.ipv6');
    });
  });

  describe('destinations', () => {
    it('are the addresses, then the names, each as often as it is named', () => {
      const raw = { fqdns: ['a.example', 'a.example'], ips: ['2001:db8::1'] };
      expect(KINDS.ping.check(raw, 'ignore').destinations).toEqual(['2001:db8::1', 'a.example', 'a.example']);
    });

    it.each([{}, { ips: [] }, { ips: [], fqdns: [] }])('are not absent: %j', (raw) => {
      expect(violations('ping', raw)).toEqual([
        { field: 'params', message: 'must name at least one destination in ips or fqdns' },
      ]);
    });

    it.each(['192.0.2.1', null, {}, 1, true, { length: 1, 0: '192.0.2.1' }])('are a list, not %j', (ips) => {
      expect(fields('ping', { ips, fqdns: ['example.org'] })).toEqual(['params.ips']);
    });

    it.each([null, 1, '', '-W1', '1.2.3.4;id', '$(id)', 'example.org', ['192.0.2.1'], '127.1'])(
      'has no address %j',
      (ip) => {
        expect(violations('ping', { ips: ['192.0.2.1', ip] })).toEqual([
          {
            field: 'params.ips',
            message: 'must be a list of IPv4 or IPv6 addresses (wrong at position 1, counted from 0)',
            positions: [1],
          },
        ]);
      },
    );

    it('are at most 1,000 in all', () => {
      const list = (length: number) => Array.from({ length }, () => '192.0.2.1');
      expect(fields('ping', { ips: list(1000) })).toEqual([]);
      expect(fields('ping', { ips: list(1001) })).toEqual(['params.ips']);
      expect(fields('ping', { ips: list(999), fqdns: ['a.example', 'b.example'] })).toEqual(['params']);
    });
  });

  describe('dns', () => {
    it('takes its parameters', () => {
      const raw = {
        fqdns: ['example.org'],
        name: ['example.org'],
        ips: [],
        type: 'mx',
        address: '192.0.2.1',
        x: '2001:db8::1',
        ipv4: '',
        ipv6: '',
      };
      expect(KINDS.dns.check(raw, 'ignore').wire).toEqual(raw);
    });

    it.each([
      { ips: ['192.0.2.1'] },
      { name: 'example.org' },
      { name: ['+short'] },
      { name: ['192.0.2.1'] },
      { type: 'A' },
      { type: 'aaaa' },
      { address: 'example.org' },
      { x: ['192.0.2.1'] },
      { ipv4: 'yes' },
      { ipv6: true },
      { ipv4: null },
    ])('refuses %j', (wrong) => {
      expect(fields('dns', { fqdns: ['example.org'], ...wrong })).toEqual([
        `params.${Object.keys(wrong).join()}`,
      ]);
    });

    it('takes more from a native caller', () => {
      const raw = { fqdns: ['example.org'], type: 'aaaa', resolver: '192.0.2.53', resolver_port: 53 };
      expect(KINDS.dns.check(raw, 'refuse').wire).toEqual(raw);
      expect(
        fields('dns', { ...raw, resolver: 'ns example.org', resolver_port: 0 }, 'refuse').sort(),
      ).toEqual(['params.resolver', 'params.resolver_port']);
    });

    it('takes switches and names with underscores from a native caller, from nobody else', () => {
      const raw = { fqdns: ['_sip._tcp.example.org', '.'], name: ['_dmarc.example.org'], type: 'srv' };
      const more = { tcp: '', do: '', cd: '', nsid: '', rd: false, udp_size: 4096 };
      expect(KINDS.dns.check({ ...raw, ...more }, 'refuse')).toMatchObject({
        wire: { ...raw, ...more },
        destinations: [...raw.fqdns, ...raw.name],
      });
      expect(fields('dns', raw, 'ignore').sort()).toEqual(['params.fqdns', 'params.name', 'params.type']);
      expect(KINDS.dns.check({ fqdns: ['a'], ...more }, 'ignore').wire).toEqual({ fqdns: ['a'] });
      for (const kind of ['ping', 'traceroute'] as const)
        expect(fields(kind, { fqdns: raw.fqdns }, 'refuse')).toEqual(['params.fqdns']);
    });

    it('takes any class and any type by its number from a native caller', () => {
      for (const type of ['naptr', 'deleg', 'TYPE65280', 'type1', 65_535])
        expect(fields('dns', { fqdns: ['id.server'], type, class: 'ch' }, 'refuse')).toEqual([]);
      for (const type of ['TYPE0', 'TYPE01', 'TYPE65536', 'TYPE41', 'ixfr', 251, 0, 1.5, '65280', 'A', ['a']])
        expect(fields('dns', { fqdns: ['a'], type }, 'refuse')).toEqual(['params.type']);
      for (const wrong of ['none', 'CH', 3, ''])
        expect(fields('dns', { fqdns: ['a'], class: wrong }, 'refuse')).toEqual(['params.class']);
      expect(KINDS.dns.check({ fqdns: ['a'], class: '; id' }, 'ignore').wire).toEqual({ fqdns: ['a'] });
    });

    it('is paid for each name that is asked for: as often as the list that has it more often', () => {
      const paid = (fqdns: string[], name: string[]) =>
        KINDS.dns.check({ fqdns, name }, 'refuse').destinations;
      expect(paid(['a', 'a', 'a'], [])).toEqual(['a', 'a', 'a']);
      expect(paid(['a', 'b'], ['b', 'a'])).toEqual(['a', 'b']);
      expect(paid(['a'], ['b', 'a', 'a'])).toEqual(['a', 'b', 'a']);
      expect(KINDS.dns.check({ fqdns: ['a', 'a'], name: ['b'] }, 'ignore').destinations).toEqual(['a', 'a']);
    });

    it.each([
      { tcp: true },
      { do: 1 },
      { cd: 'x' },
      { nsid: null },
      { rd: '' },
      { rd: 0 },
      { udp_size: 511 },
    ])('refuses %j of a native caller', (wrong) => {
      expect(fields('dns', { fqdns: ['a'], ...wrong }, 'refuse')).toEqual([
        `params.${Object.keys(wrong).join()}`,
      ]);
    });

    it("does not send a classic caller's resolver to a probe", () => {
      expect(KINDS.dns.check({ fqdns: ['example.org'], resolver: '; id' }, 'ignore').wire).toEqual({
        fqdns: ['example.org'],
      });
    });
  });

  describe('unknown parameters', () => {
    const raw = {
      ...TARGET,
      maxttl: 3,
      probecount: '$(id)',
      cron: '* * * * *',
      constructor: 1,
      $gt: '',
      'a.b': [{}],
    };

    it('are kept for the classic caller, and never reach a probe', () => {
      const checked = KINDS.traceroute.check(raw, 'ignore');
      expect(checked.accepted).toBe(raw);
      expect(checked.wire).toEqual({ ...TARGET, maxttl: 3 });
    });

    it('are errors to a native caller', () => {
      expect(fields('traceroute', raw, 'refuse')).toEqual(
        ['probecount', 'cron', 'constructor', '$gt', 'a.b'].map((name) => `params.${name}`),
      );
    });

    it('are named briefly and without control characters', () => {
      const name = `\n\u202e${'x'.repeat(1000)}`;
      expect(fields('ping', { ...TARGET, [name]: 1 }, 'refuse')).toEqual([`params.??${'x'.repeat(38)}`]);
    });

    const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });
    it.each([
      ['__proto__', JSON.parse('{"ips":["192.0.2.1"],"__proto__":{"maxttl":"x"}}')],
      ['__proto__ inside', JSON.parse('{"ips":["192.0.2.1"],"a":[{"__proto__":1}]}')],
      ['_bsontype', { ...TARGET, a: { _bsontype: 'ObjectId' } }],
      ['a zero byte', { ...TARGET, 'a\0b': 1 }],
      ['depth', { ...TARGET, a: nested(8) }],
      ['great depth', { ...TARGET, a: JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) }],
      ['many members', Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, 1]))],
    ])('are bounded: %s', (_name, hostile) => {
      expect(fields('ping', hostile)).toEqual(['params']);
    });

    it('may be nested 8 deep', () => {
      expect(fields('ping', { ...TARGET, a: nested(7) })).toEqual([]);
    });
  });

  it.each([null, undefined, [], ['a'], 'x', 1, true, new Date()])('takes no params that are %p', (raw) => {
    expect(violations('ping', raw)).toEqual([{ field: 'params', message: 'must be an object' }]);
  });

  it('does not share lists with what the caller gave', () => {
    const raw = { ips: ['192.0.2.1'] };
    const { wire } = KINDS.ping.check(raw, 'ignore');
    raw.ips.push('; id');
    expect(wire).toEqual({ ips: ['192.0.2.1'] });
  });

  it('has a result format for each kind', () => {
    expect(KINDS.traceroute.resultFormat('dump')).toBe('dump');
    expect(KINDS.traceroute.resultFormat(undefined)).toBe('json');
    expect(KINDS.ping.resultFormat('dump')).toBe('json');
    expect(KINDS.dns.resultFormat({})).toBe('text');
    for (const wrong of ['xml', '', null, ['json'], 1]) {
      expect(() => KINDS.traceroute.resultFormat(wrong)).toThrow('result_format must be one of json, dump');
    }
  });
});
