import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { creation, credentials, UNKNOWN_ID } from '../support/classic-factories.js';
import type { Operation } from '../support/classic-types.js';
import type { User } from '../support/classic-types.js';
import { ClassicWorld, type Person } from '../support/classic-world.js';

const ORIGIN = { origin: 'https://frontend.example' };
const MEGABYTE = 1024 * 1024;

let world: ClassicWorld;
let ada: Person;

beforeAll(async () => {
  world = await ClassicWorld.start();
  ada = await world.person(100);
});

afterAll(() => world.stop());

describe('CORS', () => {
  const allowed = (headers: Headers): string | null => headers.get('access-control-allow-origin');

  test.each([
    ['/probes', 200],
    ['/users/me', 401],
    [`/operation?id=${UNKNOWN_ID}`, 404],
    ['/no/such/route', 404],
  ])('GET %s (%d)', async (path, status) => {
    const answer = await world.api.get(path, ORIGIN);
    expect(answer.status).toBe(status);
    expect(allowed(answer.headers)).toMatch(/^(\*|https:\/\/frontend\.example)$/);
  });

  test.each([
    ['broken JSON', '{"email":', 400],
    ['a body that is too large', `{"email":"${'x'.repeat(2 * MEGABYTE)}"}`, 413],
    ['a missing member', '{}', 400],
  ])('POST /register with %s', async (_what, raw, status) => {
    const answer = await world.api.send('POST', '/register', { raw, headers: ORIGIN });
    expect(answer.status).toBe(status);
    expect(allowed(answer.headers)).toMatch(/^(\*|https:\/\/frontend\.example)$/);
  });

  test.each([
    ['/probes', 'GET'],
    ['/ping', 'POST'],
    ['/login', 'POST'],
    ['/delete_all', 'DELETE'],
  ])('the preflight of %s %s allows the frontend its headers', async (path, method) => {
    const answer = await world.api.send('OPTIONS', path, {
      headers: {
        ...ORIGIN,
        'access-control-request-method': method,
        'access-control-request-headers': 'access_token,content-type',
      },
    });
    expect([200, 204]).toContain(answer.status);
    expect(allowed(answer.headers)).toMatch(/^(\*|https:\/\/frontend\.example)$/);
    expect(answer.headers.get('access-control-allow-methods')).toContain(method);
    const names = (answer.headers.get('access-control-allow-headers') ?? '').toLowerCase();
    expect(names).toContain('access_token');
    expect(names).toContain('content-type');
  });
});

describe('a body is JSON whatever the Content-Type says', () => {
  test.each([
    'text/plain',
    'text/plain;charset=UTF-8',
    'application/json',
    'application/json; charset=utf-8',
    'application/x-www-form-urlencoded',
    'application/octet-stream',
    'multipart/form-data; boundary=x',
    'nonsense',
  ])('%s', async (type) => {
    const account = credentials();
    const { status, body } = await world.api.post<User>('/register', account, { 'content-type': type });
    expect([status, body.email]).toEqual([201, account.email]);
  });

  test('none at all', async () => {
    const account = credentials();
    const raw = new Uint8Array(Buffer.from(JSON.stringify(account)));
    const answer = await fetch(`${world.server.url}/register`, { method: 'POST', body: raw });
    expect(answer.status).toBe(201);
  });
});

describe('the size of a body', () => {
  const bodyOf = (bytes: number): string => {
    const account = credentials({ padding: '' });
    const bare = JSON.stringify(account);
    return JSON.stringify({ ...account, padding: 'x'.repeat(bytes - bare.length) });
  };

  test('1 MB is accepted', async () => {
    const raw = bodyOf(MEGABYTE);
    expect(Buffer.byteLength(raw)).toBe(MEGABYTE);
    expect((await world.api.send('POST', '/register', { raw })).status).toBe(201);
  });

  test.each([
    ['1 MB and a byte', MEGABYTE + 1],
    ['2 MB', 2 * MEGABYTE],
  ])('%s is 413', async (_what, bytes) => {
    const { status, body } = await world.api.send('POST', '/register', { raw: bodyOf(bytes) });
    expect(status).toBe(413);
    expect(body.Error).toMatch(/\w+ \w+/);
  });

  test('an operation that names 10,000 probes is looked at', async () => {
    const body = creation('ping', Array<string>(10_000).fill(UNKNOWN_ID));
    const answer = await ada.api.post<Operation>('/ping', body);
    expect(answer.status).toBe(404);
  });
});

describe('a token', () => {
  test('in access_token counts, whatever the case of the header', async () => {
    const { status } = await world.api.get('/users/me', { ACCESS_TOKEN: ada.api.token ?? '' });
    expect(status).toBe(200);
  });

  test('as Bearer creates an operation too', async () => {
    const { status } = await world.api.post('/ping', creation('ping', [UNKNOWN_ID]), {
      authorization: `Bearer ${ada.api.token ?? ''}`,
    });
    expect(status).toBe(404);
  });

  test.each(['Basic', 'Token'])('as %s does not count', async (scheme) => {
    const { status } = await world.api.get('/users/me', {
      authorization: `${scheme} ${ada.api.token ?? ''}`,
    });
    expect(status).toBe(401);
  });

  test('in the query does not count', async () => {
    expect((await world.api.get(`/users/me?access_token=${ada.api.token ?? ''}`)).status).toBe(401);
  });
});

test('an unknown route is a 404 with Error', async () => {
  const { status, body } = await world.api.get('/no/such/route');
  expect(status).toBe(404);
  expect(body.Error).toMatch(/\w+ \w+/);
});
