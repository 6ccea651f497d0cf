import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  classicTime,
  creation,
  inDays,
  type Kind,
  LOCATION,
  UNKNOWN_ID,
} from '../support/classic-factories.js';
import type { FieldedProbe } from '../support/classic-probe.js';
import type { Operation } from '../support/classic-types.js';
import { ClassicWorld, type Person } from '../support/classic-world.js';

const KINDS: Kind[] = ['ping', 'traceroute', 'dns'];

let world: ClassicWorld;
let ada: Person;
let probe: FieldedProbe;

beforeAll(async () => {
  world = await ClassicWorld.start();
  ada = await world.person(10_000_000);
  probe = await world.fieldedProbe(ada);
});

afterAll(() => world.stop());

const post = (kind: Kind, body: unknown) => ada.api.post<Operation & { Error?: string }>(`/${kind}`, body);
const ping = (params: Record<string, unknown>) => post('ping', creation('ping', [probe.identifier], params));

test.each(KINDS)('%s: the operation, as the contract shows it', async (kind) => {
  const body = creation(kind, [probe.identifier]);
  const answer = await post(kind, body);
  expect(answer.status).toBe(201);
  expect(answer.body).toEqual({
    _id: expect.stringMatching(/^[0-9a-f]{24}$/),
    probes: [{ identifier: probe.identifier, owner_id: ada._id, location: LOCATION }],
    params: body.params,
    results: [],
    credits: kind === 'traceroute' ? 15 : 1,
    result_format: kind === 'dns' ? 'text' : 'json',
  });
  expect((await world.api.get(`/operation?id=${answer.body._id}`)).body).toEqual(answer.body);
});

describe.each(KINDS)('%s: 400', (kind) => {
  test.each([
    ['no probes', { probes: undefined }],
    ['probes empty', { probes: [] }],
    ['probes is text', { probes: UNKNOWN_ID }],
    ['probes is null', { probes: null }],
    ['probes is an operator', { probes: { $in: [] } }],
    ['a probe is an operator', { probes: [{ $gt: '' }] }],
    ['a probe is a number', { probes: [7] }],
    ['no params', { params: undefined }],
    ['params is null', { params: null }],
    ['params is a list', { params: [] }],
    ['params is text', { params: 'ips' }],
    ['params empty', { params: {} }],
  ])('%s', async (_what, wrong) => {
    const { status, body } = await post(kind, { ...creation(kind, [probe.identifier]), ...wrong });
    expect(status).toBe(400);
    expect(body.Error).toMatch(/\w+ \w+/);
  });

  test.each([
    ['no destination', { ips: undefined, fqdns: undefined }],
    ['empty destinations', { ips: [], fqdns: [] }],
    ['no cron', { cron: undefined }],
    ['cron is a number', { cron: 5 }],
    ['no stop_time', { stop_time: undefined }],
    ['fqdns is text', { fqdns: 'example.org' }],
    ['a fqdn is a number', { fqdns: [7] }],
    ['a fqdn is a list', { fqdns: [['example.org']] }],
  ])('%s', async (_what, wrong) => {
    const { status, body } = await post(kind, creation(kind, [probe.identifier], wrong));
    expect(status).toBe(400);
    expect(body.Error).toMatch(/\w+ \w+/);
  });
});

describe('cron', () => {
  test.each([
    '0 0 1 1 *',
    '59 23 31 12 *',
    '*/5 0 1 1 *',
    '1-5,10-20/2 0 1 1 *',
    '0 0 1 JAN *',
    '0 0 * 1 MON',
    '0 0 * 1 0',
    '0 0 * 1 7',
    '0 0 29 2 *',
  ])('%s is valid', async (cron) => {
    expect((await ping({ cron })).status).toBe(201);
  });

  test.each([
    '',
    'now',
    '* * * *',
    '* * * * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * 32 * *',
    '* * * 13 *',
    '* * * * 8',
    '*/0 * * * *',
    '5-1 * * * *',
    '-1 * * * *',
    '* * * FOO *',
    '* * * * *; reboot',
    '$(id) * * * *',
    `${'0,'.repeat(20_000)}0 * * * *`,
  ])('400: %.30s', async (cron) => {
    const { status, body } = await ping({ cron });
    expect(status).toBe(400);
    expect(body.Error).toContain('cron');
  });
});

describe('stop_time', () => {
  test.each(['29/02/2028 00:00', '31/12/2027 23:59', '01/01/2028 00:00'])(
    '%s is valid',
    async (stop_time) => {
      expect((await ping({ cron: '0 0 1 1 *', stop_time })).status).toBe(201);
    },
  );

  test.each([
    '',
    'tomorrow',
    '2030-01-01 00:00',
    '2030-01-01T00:00:00Z',
    '31/02/2030 00:00',
    '29/02/2027 00:00',
    '31/04/2030 00:00',
    '00/01/2030 00:00',
    '01/13/2030 00:00',
    '01/00/2030 00:00',
    '01/01/2030 24:00',
    '01/01/2030 00:60',
    '01/01/2030',
    '01/01/2030 00:00; reboot',
    '01/01/30 00:00',
  ])('400: %s', async (stop_time) => {
    const { status, body } = await ping({ cron: '0 0 1 1 *', stop_time });
    expect(status).toBe(400);
    expect(body.Error).toContain('stop_time');
  });

  test.each([[{ $gt: '' }], [1_900_000_000], [null], [['01/01/2030 00:00']]])(
    '400: %j',
    async (stop_time) => {
      expect((await ping({ stop_time })).status).toBe(400);
    },
  );

  test('400: more than 1,000,000 runs, in a sentence that says so', async () => {
    const bomb = { cron: '* * * * *', stop_time: classicTime(inDays(365)), times_per_minute: 60 };
    const { status, body } = await ping(bomb);
    expect(status).toBe(400);
    expect(body.Error).toMatch(/runs/);
  });
});

describe('destinations', () => {
  test.each([
    ['ips', '192.0.2.1'],
    ['ips', '2001:db8::1'],
    ['fqdns', 'example.org'],
    ['fqdns', 'xn--bcher-kva.example'],
    ['fqdns', '3com.example'],
    ['fqdns', `${'a'.repeat(63)}.example`],
  ])('%s %s is accepted as it is', async (list, destination) => {
    const { status, body } = await ping({ ips: undefined, [list]: [destination] });
    expect([status, body.params[list]]).toEqual([201, [destination]]);
  });

  test.each([
    ['ips', '192.0.2'],
    ['ips', '192.0.2.256'],
    ['ips', '192.0.2.0/24'],
    ['ips', 'example.org'],
    ['ips', '192.0.2.1; reboot'],
    ['ips', '192.0.2.1\n'],
    ['ips', ' 192.0.2.1'],
    ['ips', '0x7f000001'],
    ['ips', '-O'],
    ['ips', 'fe80::1%eth0'],
    ['ips', ''],
    ['fqdns', '-f/etc/passwd'],
    ['fqdns', '@192.0.2.53'],
    ['fqdns', '+trace'],
    ['fqdns', 'example.org;reboot'],
    ['fqdns', 'example.org reboot'],
    ['fqdns', '$(reboot).example'],
    ['fqdns', '`reboot`'],
    ['fqdns', 'a|b'],
    ['fqdns', 'a\nb'],
    ['fqdns', 'a\u0000b'],
    ['fqdns', '-a.example'],
    ['fqdns', 'a-.example'],
    ['fqdns', 'a..example'],
    ['fqdns', 'under_score;.example'],
    ['fqdns', 'bücher.example'],
    ['fqdns', `${'a'.repeat(64)}.example`],
    ['fqdns', `${'abcdefg.'.repeat(40)}example`],
    ['fqdns', ''],
  ])('400: %s %j', async (list, destination) => {
    const before = probe.received.length;
    const { status } = await ping({ [list]: [destination] });
    expect(status).toBe(400);
    expect(probe.received).toHaveLength(before);
  });

  test('400: a list without end', async () => {
    const ips = Array.from({ length: 60_000 }, () => '192.0.2.1');
    expect((await ping({ ips })).status).toBe(400);
  });

  test('400: dns with ips', async () => {
    const body = creation('dns', [probe.identifier], { ips: ['192.0.2.1'] });
    expect((await post('dns', body)).status).toBe(400);
  });

  test('dns with empty ips is accepted', async () => {
    const body = creation('dns', [probe.identifier], { ips: [] });
    expect((await post('dns', body)).status).toBe(201);
  });
});

describe('the order of checks', () => {
  const cases: [string, (poor: Person) => unknown, number, RegExp][] = [
    [
      'invalid data before an unknown probe',
      () => creation('ping', [UNKNOWN_ID], { cron: 'x' }),
      400,
      /cron/,
    ],
    ['an unknown probe before credits', () => creation('ping', [UNKNOWN_ID]), 404, /\w+ \w+/],
    ['an id of another form is no probe of ours', () => creation('ping', ['nobody']), 404, /\w+ \w+/],
    ['one unknown among known', () => creation('ping', [probe.identifier, UNKNOWN_ID]), 404, /\w+ \w+/],
    ["a user's id is no probe", (poor) => creation('ping', [poor._id]), 404, /\w+ \w+/],
    ['credits last', () => creation('ping', [probe.identifier]), 400, /Not enough credits/],
  ];

  test.each(cases)('%s', async (_what, bodyFor, status, sentence) => {
    const poor = await world.person();
    const answer = await poor.api.post('/ping', bodyFor(poor));
    expect(answer.status).toBe(status);
    expect(answer.body.Error).toMatch(sentence);
    expect((await poor.api.get('/operations/me')).body).toEqual([]);
  });

  test('401 before everything', async () => {
    expect((await world.api.post('/ping', { probes: 7 })).status).toBe(401);
  });

  test('404 no available probe, before credits', async () => {
    const { identifier } = await world.registerProbe(ada);
    const poor = await world.person();
    const { status, body } = await poor.api.post('/ping', creation('ping', [identifier]));
    expect(status).toBe(404);
    expect(body.Error).toMatch(/available/i);
  });
});
