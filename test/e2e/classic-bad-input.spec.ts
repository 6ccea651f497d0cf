import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { creation, credentials, LOCATION, UNKNOWN_ID } from '../support/classic-factories.js';
import type { FieldedProbe } from '../support/classic-probe.js';
import type { Operation, Probe } from '../support/classic-types.js';
import { ClassicWorld, type Person } from '../support/classic-world.js';

let world: ClassicWorld;
let ada: Person;
let probe: FieldedProbe;

beforeAll(async () => {
  world = await ClassicWorld.start();
  ada = await world.person(1000);
  probe = await world.fieldedProbe(ada);
});

afterAll(() => world.stop());

const POSTS = ['/register', '/login', '/probes', '/traceroute', '/ping', '/dns', '/credits'];
const DEPTH = 20_000;

/** The superuser may post everywhere. */
const raw = (path: string, body: string | Uint8Array<ArrayBuffer>) =>
  world.superuser.send('POST', path, { raw: body });

describe.each(POSTS)('POST %s: 400', (path) => {
  test.each([
    ['no body', ''],
    ['broken JSON', '{"email":"a'],
    ['two objects', '{}{}'],
    ['a list', '[]'],
    ['a text', '"text"'],
    ['a number', '7'],
    ['null', 'null'],
    ['NaN', '{"credits":NaN}'],
    ['a NUL', '{"email":"\u0000"'],
    ['deep lists', `{"a":${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}}`],
    ['deep objects', `${'{"a":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}`],
    ['__proto__', '{"__proto__":{"email":"a@example.org","is_superuser":true}}'],
    ['constructor', '{"constructor":{"prototype":{"is_superuser":true}}}'],
  ])('%s', async (_what, body) => {
    const { status, body: answer } = await raw(path, body);
    expect(status).toBe(400);
    expect(answer.Error).toMatch(/\w+ \w+/);
  });

  test('broken UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"email":"'),
      Buffer.from([0xff, 0xfe, 0xc0]),
      Buffer.from('"}'),
    ]);
    const { status, body } = await raw(path, new Uint8Array(bytes));
    expect(status).toBe(400);
    expect(body.Error).toMatch(/\w+ \w+/);
  });
});

describe('what is no text where text is expected', () => {
  const WRONG: unknown[] = [
    { $gt: '' },
    { $ne: null },
    { $regex: '.*' },
    ['a'],
    7,
    true,
    null,
    { toString: 'x' },
  ];

  test.each(WRONG)('an e-mail: %j', async (email) => {
    expect((await world.api.post('/register', { ...credentials(), email })).status).toBe(400);
    expect((await world.api.post('/login', { password: ada.password, email })).status).toBe(400);
  });

  test.each(WRONG)('a password: %j', async (password) => {
    expect((await world.api.post('/register', { ...credentials(), password })).status).toBe(400);
    expect((await world.api.post('/login', { email: ada.email, password })).status).toBe(400);
  });

  test.each(WRONG)('the id of a user: %j', async (id) => {
    expect((await world.superuser.post('/credits', { id, credits: 5 })).status).toBe(400);
    expect(await world.balance(ada)).toBe(1000);
  });

  test.each(WRONG)('the id of a probe: %j', async (id) => {
    const { status } = await ada.api.post('/ping', creation('ping', [id as string]));
    expect(status).toBe(400);
  });

  test.each(WRONG)('a destination, a cron: %j', async (wrong) => {
    for (const params of [{ ips: [wrong] }, { fqdns: [wrong] }, { cron: wrong }]) {
      const { status } = await ada.api.post('/ping', creation('ping', [probe.identifier], params));
      expect([params, status]).toEqual([params, 400]);
    }
  });

  test('and nothing of all this was created', async () => {
    expect((await ada.api.get<Operation[]>('/operations')).body).toEqual([]);
    expect(probe.received).toEqual([]);
  });
});

describe('ids of other kinds', () => {
  test.each(['', 'nobody', UNKNOWN_ID.slice(1), `${UNKNOWN_ID}f`, 'abcdefghijkl', '../admin', '\u0000'])(
    'a user %j: 4xx',
    async (id) => {
      const { status } = await world.superuser.post('/credits', { id, credits: 5 });
      expect(status).toBe(id === '' ? 400 : 404);
    },
  );

  test("a probe's id is no user", async () => {
    const { status } = await world.superuser.post('/credits', { id: probe.identifier, credits: 5 });
    expect(status).toBe(404);
  });

  test.each(['nobody', 'abcdefghijkl', `${UNKNOWN_ID}f`, '\u0000'])('a probe %j: 404', async (id) => {
    const { status } = await ada.api.post('/ping', creation('ping', [id]));
    expect(status).toBe(404);
  });
});

describe('numbers beyond reason', () => {
  test.each([1e308, 2 ** 60, 1.5])('credits %d: 400', async (credits) => {
    const { status } = await world.superuser.post('/credits', { id: ada._id, credits });
    expect(status).toBe(400);
    expect(await world.balance(ada)).toBe(1000);
  });

  test.each(['1e999', '-0.5', '1e308', '9999999999999999999'])('times_per_minute %s: 400', async (number) => {
    const body = JSON.stringify(creation('ping', [probe.identifier], { times_per_minute: 77 }));
    const { status } = await ada.api.send('POST', '/ping', {
      raw: body.replace('"times_per_minute":77', `"times_per_minute":${number}`),
    });
    expect(status).toBe(400);
  });

  test('a password of 100,000 characters: 4xx', async () => {
    const password = `Aa1!${'x'.repeat(100_000)}`;
    const { status } = await world.api.post('/register', credentials({ password }));
    expect(status).toBe(400);
  });
});

test('unknown members are tolerated, and nothing comes of them', async () => {
  const hidden = {
    $where: 'sleep(1000)',
    owner_id: UNKNOWN_ID,
    token: 'x',
    connected: true,
    is_superuser: true,
  };
  const { status, body } = await ada.api.post<{ token: string }>('/probes', {
    location: LOCATION,
    ...hidden,
  });
  expect(status).toBe(201);
  const own = await ada.api.get<Probe[]>('/probes/me');
  const made = own.body.find(({ token }) => token === body.token);
  expect(made).toMatchObject({ owner_id: ada._id, connected: false });
});

test('bytes that are no HTTP close the connection, not the server', async () => {
  const { hostname, port } = new URL(world.server.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x0d, 0x0a, 0x0d, 0x0a]));
  socket.resume();
  await once(socket, 'close');
  expect((await world.api.get('/probes')).status).toBe(200);
});

test('after all this the log has no error of ours', () => {
  const levels = world.server.log
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { level: number | string; msg: string });
  expect(levels.length).toBeGreaterThan(0);
  const errors = levels.filter(({ level }) => ['error', 'fatal', 50, 60].includes(level));
  expect(errors).toEqual([]);
});
