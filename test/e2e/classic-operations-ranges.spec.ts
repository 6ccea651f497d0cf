import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { creation, type Kind } from '../support/classic-factories.js';
import type { FieldedProbe } from '../support/classic-probe.js';
import type { Operation } from '../support/classic-types.js';
import { ClassicWorld, type Person } from '../support/classic-world.js';

let world: ClassicWorld;
let ada: Person;
let probe: FieldedProbe;

beforeAll(async () => {
  world = await ClassicWorld.start();
  ada = await world.person(1_000_000);
  probe = await world.fieldedProbe(ada);
});

afterAll(() => world.stop());

const post = (kind: Kind, params: Record<string, unknown>) =>
  ada.api.post<Operation & { Error?: string }>(`/${kind}`, creation(kind, [probe.identifier], params));

type Row = [kind: Kind, name: string, inside: unknown[], outside: unknown[]];

const PORTS: [unknown[], unknown[]] = [
  [1, 65_535],
  [0, -1],
];
const ROWS: Row[] = [
  ['traceroute', 'attempts', [1, 10], [0, 11]],
  ['traceroute', 'confidence', [0, 0.99], [-0.01, 1]],
  ['traceroute', 'dport', ...PORTS],
  ['traceroute', 'sport', ...PORTS],
  ['traceroute', 'firsthop', [1], [0, -1]],
  ['traceroute', 'maxttl', [1, 255], [0, 256]],
  ['traceroute', 'method', ['icmp-paris', 'icp', 'udp-paris'], ['tcp', 'ICMP-PARIS', '']],
  ['traceroute', 'wait', [1, 20], [0, 21]],
  ['traceroute', 'wait-probe', [0, 100], [-1, 101]],
  ['ping', 'probecount', [1, 100], [0, 101]],
  ['ping', 'icmp-sum', [1, 65_535], [0, -1]],
  ['ping', 'dport', ...PORTS],
  ['ping', 'sport', ...PORTS],
  [
    'ping',
    'method',
    ['icmp-echo', 'icmp-time', 'tcp-syn', 'tcp-ack', 'tcp-ack-sport', 'udp', 'udp-dport'],
    ['icmp-paris', 'tcp-syn ', '-O'],
  ],
  ['ping', 'size', [1, 255], [0, 256]],
  ['ping', 'timeout', [0, 100], [-1, 101]],
  ['ping', 'wait', [1, 20], [0, 21]],
  ['dns', 'type', ['a', 'any', 'axfr', 'hinfo', 'mx', 'ns', 'soa', 'txt'], ['aaaa', 'cname', '-f', '']],
  ['dns', 'address', ['192.0.2.7', '2001:db8::7'], ['192.0.2.256', 'example.org', '-x']],
  ['dns', 'x', ['192.0.2.7', '2001:db8::7'], ['192.0.2', 'example.org', '192.0.2.7;id']],
  ['dns', 'ipv4', [''], ['yes', ' -f /etc/passwd']],
  ['dns', 'ipv6', [''], ['yes', '$(id)']],
  ['dns', 'name', [['example.org'], ['a.example', 'b.example']], [['-x'], ['a b'], 'example.org;id']],
  ['ping', 'times_per_minute', [1, 60], [0, 61, 1.5]],
  ['traceroute', 'times_per_minute', [1, 60], [0, 61, 1.5]],
  ['dns', 'times_per_minute', [1, 60], [0, 61, 1.5]],
];

describe('inside its range', () => {
  test.each(ROWS.flatMap(([kind, name, inside]) => inside.map((value) => [kind, name, value] as const)))(
    '%s %s %j is accepted, shown and sent',
    async (kind, name, value) => {
      const { status, text, body } = await post(kind, { [name]: value });
      expect([status, text]).toEqual([201, text]);
      expect(body.params[name]).toEqual(value);
      const { event, job } = await probe.job(body._id);
      expect([event, job.params[name]]).toEqual([kind, value]);
    },
  );
});

describe('out of its range', () => {
  test.each(ROWS.flatMap(([kind, name, _, outside]) => outside.map((value) => [kind, name, value] as const)))(
    '400: %s %s %j',
    async (kind, name, value) => {
      const before = probe.received.length;
      const { status, body } = await post(kind, { [name]: value });
      expect(status).toBe(400);
      expect(body.Error).toContain(name);
      expect(probe.received).toHaveLength(before);
    },
  );

  const NUMBERS = ROWS.filter(([, , inside]) => typeof inside[0] === 'number');

  test.each(NUMBERS.map(([kind, name]) => [kind, name] as const))(
    '400: %s %s that is a command, a list, an object, true',
    async (kind, name) => {
      for (const value of ['1; reboot', '$(id)', '1 -O warts', [1], { $gt: 0 }, true]) {
        const { status } = await post(kind, { [name]: value });
        expect([value, status]).toEqual([value, 400]);
      }
    },
  );

  test.each([
    ['traceroute', 'attempts'],
    ['traceroute', 'maxttl'],
    ['ping', 'probecount'],
    ['ping', 'size'],
    ['ping', 'dport'],
  ] as [Kind, string][])('400: %s %s that is no whole number', async (kind, name) => {
    expect((await post(kind, { [name]: 1.5 })).status).toBe(400);
  });
});

describe('a parameter of another kind, or an unknown one', () => {
  test.each([
    ['ping', 'maxttl', 500],
    ['ping', 'type', 'a'],
    ['traceroute', 'probecount', 1000],
    ['traceroute', 'ipv4', '; reboot'],
    ['dns', 'attempts', 99],
    ['ping', 'colour', 'blue'],
    ['traceroute', '-O', 'text'],
    ['dns', '+trace', ''],
    ['ping', '$(reboot)', '`reboot`'],
  ] as [Kind, string, unknown][])('%s %s is tolerated, and never sent', async (kind, name, value) => {
    const { status, body } = await post(kind, { [name]: value });
    expect(status).toBe(201);
    const { job } = await probe.job(body._id);
    expect(Object.keys(job.params)).not.toContain(name);
    expect(JSON.stringify(job.params)).not.toContain(`${JSON.stringify(name)}:`);
  });
});

describe('result_format', () => {
  const withFormat = (kind: Kind, result_format?: unknown) =>
    ada.api.post<Operation>(`/${kind}`, { ...creation(kind, [probe.identifier]), result_format });

  test.each([
    ['traceroute', 'json', 'json'],
    ['traceroute', 'dump', 'dump'],
    ['ping', 'json', 'json'],
    ['ping', 'dump', 'json'],
    ['ping', undefined, 'json'],
    ['dns', 'json', 'text'],
    ['dns', 'text', 'text'],
    ['dns', undefined, 'text'],
  ] as [Kind, string | undefined, string][])('%s asked for %s: %s', async (kind, asked, shown) => {
    const { status, body } = await withFormat(kind, asked);
    expect([status, body.result_format]).toEqual([201, shown]);
    expect((await probe.job(body._id)).job.result_format).toBe(shown);
  });

  test.each([['xml'], [7], [{ $gt: '' }], [['json']]])('400: traceroute asked for %j', async (asked) => {
    expect((await withFormat('traceroute', asked)).status).toBe(400);
  });
});
