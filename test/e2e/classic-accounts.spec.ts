import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { credentials, UNKNOWN_ID } from '../support/classic-factories.js';
import type { User } from '../support/classic-types.js';
import { ClassicWorld, type Person } from '../support/classic-world.js';
import { runSuperuser } from '../support/server.js';

let world: ClassicWorld;
let ada: Person;

beforeAll(async () => {
  world = await ClassicWorld.start();
  ada = await world.person();
});

afterAll(() => world.stop());

describe('POST /register', () => {
  test('answers with the new user: no credits, no superuser, never the password', async () => {
    const account = credentials();
    const { status, text, body } = await world.api.post<User>('/register', account);
    expect(status).toBe(201);
    expect(body).toEqual({
      _id: expect.stringMatching(/^[0-9a-f]{24}$/),
      email: account.email,
      credits: 0,
      is_superuser: false,
    });
    expect(text).not.toContain(account.password);
  });

  test.each([
    ['no e-mail', { email: undefined }],
    ['no password', { password: undefined }],
    ['an empty e-mail', { email: '' }],
    ['an empty password', { password: '' }],
    ['an e-mail without @', { email: 'ada.example.org' }],
    ['an e-mail without a domain', { email: 'ada@' }],
    ['an e-mail without a name', { email: '@example.org' }],
    ['an e-mail with a space', { email: 'a da@example.org' }],
    ['7 characters', { password: 'Abcde1!' }],
    ['no upper case', { password: 'abcdefg1!' }],
    ['no lower case', { password: 'ABCDEFG1!' }],
    ['no digit', { password: 'Abcdefgh!' }],
    ['no sign', { password: 'Abcdefgh1' }],
    ['a sign that is not in the list', { password: 'Abcdefgh1~' }],
  ])('400: %s', async (_what, wrong) => {
    const { status, body } = await world.api.post('/register', credentials(wrong));
    expect(status).toBe(400);
    expect(body.Error).toEqual(expect.stringMatching(/\w+ \w+/));
  });

  test.each([...'!"@#$%^&*()-+?_=,/'])(
    'a password of 8 characters with %s is strong enough',
    async (sign) => {
      const { status } = await world.api.post('/register', credentials({ password: `Abcdef1${sign}` }));
      expect(status).toBe(201);
    },
  );

  test('400: an e-mail that is registered, also in another case and with space around it', async () => {
    for (const email of [ada.email, ada.email.toUpperCase(), `  ${ada.email} `]) {
      const { status, body } = await world.api.post('/register', credentials({ email }));
      expect([email, status]).toEqual([email, 400]);
      expect(body.Error).toMatch(/\w+ \w+/);
    }
  });

  test('nobody makes himself rich or a superuser', async () => {
    const greedy = credentials({ credits: 1_000_000, is_superuser: true, _id: UNKNOWN_ID });
    const { body } = await world.api.post<User>('/register', greedy);
    expect(body).toMatchObject({ credits: 0, is_superuser: false });
    expect(body._id).not.toBe(UNKNOWN_ID);
  });

  test('twenty registrations of one e-mail at once: one succeeds', async () => {
    const account = credentials();
    const answers = await Promise.all(Array.from({ length: 20 }, () => world.api.post('/register', account)));
    const statuses = answers.map(({ status }) => status).sort((one, other) => one - other);
    expect(statuses).toEqual([201, ...Array<number>(19).fill(400)]);
  });
});

describe('POST /login', () => {
  test('answers with a token that opens the account', async () => {
    const { email, password } = ada;
    const { status, body } = await world.api.post<{ access_token: string }>('/login', { email, password });
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['access_token']);
    const me = await world.api.as(body.access_token).get<User>('/users/me');
    expect(me.body._id).toBe(ada._id);
  });

  test('the token is a JWT, signed with SECRET_KEY by HS256', () => {
    const [header = ''] = (ada.api.token ?? '').split('.');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toMatchObject({ alg: 'HS256' });
  });

  test.each([
    ['e-mail', { email: undefined }],
    ['password', { password: undefined }],
  ])('400: no %s', async (_what, missing) => {
    const { email, password } = ada;
    const { status, body } = await world.api.post('/login', { email, password, ...missing });
    expect(status).toBe(400);
    expect(body.Error).toMatch(/\w+ \w+/);
  });

  test('404, and the same answer, for an unknown user and a wrong password', async () => {
    const unknown = await world.api.post('/login', credentials());
    const wrong = await world.api.post('/login', { email: ada.email, password: 'Wrong-Horse-7' });
    expect([unknown.status, wrong.status]).toEqual([404, 404]);
    expect(unknown.body.Error).toMatch(/\w+ \w+/);
    expect(wrong.body.Error).toBe(unknown.body.Error);
  });
});

describe('GET /users/me', () => {
  test('shows these four members only', async () => {
    const { status, body } = await ada.api.get('/users/me');
    expect(status).toBe(200);
    expect(body).toEqual({ _id: ada._id, email: ada.email, credits: 0, is_superuser: false });
  });

  test('takes Authorization: Bearer as well', async () => {
    const { status, body } = await world.api.get<User>('/users/me', {
      authorization: `Bearer ${ada.api.token ?? ''}`,
    });
    expect([status, body._id]).toEqual([200, ada._id]);
  });

  test('the header access-token, with a dash, is no authentication', async () => {
    const { status } = await world.api.get('/users/me', { 'access-token': ada.api.token ?? '' });
    expect(status).toBe(401);
  });
});

describe('401', () => {
  const routes: [string, string][] = [
    ['GET', '/users/me'],
    ['POST', '/probes'],
    ['GET', '/probes/me'],
    ['POST', '/traceroute'],
    ['POST', '/ping'],
    ['POST', '/dns'],
    ['GET', '/operations/me'],
    ['GET', '/operations'],
    ['POST', '/credits'],
  ];
  const withBody = (method: string) => (method === 'POST' ? { json: {} } : {});

  test.each(routes)('%s %s without a token', async (method, path) => {
    const { status, body } = await world.api.send(method, path, withBody(method));
    expect(status).toBe(401);
    expect(body.Error).toMatch(/\w+ \w+/);
  });

  test.each(routes)("%s %s with a probe's token", async (method, path) => {
    const { token } = await world.registerProbe(ada);
    const { status } = await world.api.as(token).send(method, path, withBody(method));
    expect(status).toBe(401);
  });

  test('a token whose signature, head or body was changed', async () => {
    const [head = '', body = '', signature = ''] = (ada.api.token ?? '').split('.');
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
    const other = Buffer.from(JSON.stringify({ sub: UNKNOWN_ID, _id: UNKNOWN_ID })).toString('base64url');
    const forged = [
      `${head}.${body}.${[...signature].reverse().join('')}`,
      `${head}.${body}.`,
      `${none}.${body}.`,
      `${head}.${other}.${signature}`,
      'x',
      'undefined',
    ];
    for (const token of forged) {
      const { status } = await world.api.as(token).get('/users/me');
      expect([token, status]).toEqual([token, 401]);
    }
  });
});

describe('POST /credits', () => {
  test('adds to what is there, and answers with the user', async () => {
    const bob = await world.person(7);
    const { status, body } = await world.superuser.post<User>('/credits', { id: bob._id, credits: 35 });
    expect(status).toBe(200);
    expect(body).toEqual({ _id: bob._id, email: bob.email, credits: 42, is_superuser: false });
    expect(await world.balance(bob)).toBe(42);
  });

  test.each([
    ['no id', { id: undefined }],
    ['no credits', { credits: undefined }],
    ['zero credits', { credits: 0 }],
    ['negative credits', { credits: -1 }],
    ['credits as words', { credits: 'many' }],
    ['an operator as credits', { credits: { $gt: 0 } }],
  ])('400: %s', async (_what, wrong) => {
    const { status, body } = await world.superuser.post('/credits', { id: ada._id, credits: 1, ...wrong });
    expect(status).toBe(400);
    expect(body.Error).toMatch(/\w+ \w+/);
    expect(await world.balance(ada)).toBe(0);
  });

  test('404: no such user', async () => {
    const { status } = await world.superuser.post('/credits', { id: UNKNOWN_ID, credits: 1 });
    expect(status).toBe(404);
  });

  test('401: not a superuser, whatever the body', async () => {
    const grant = { id: ada._id, credits: 10 };
    expect((await ada.api.post('/credits', grant)).status).toBe(401);
    expect((await ada.api.post('/credits', {})).status).toBe(401);
    expect(await world.balance(ada)).toBe(0);
  });

  test('fifty grants at once are all there', async () => {
    const bob = await world.person();
    await Promise.all(
      Array.from({ length: 50 }, () => world.superuser.post('/credits', { id: bob._id, credits: 3 })),
    );
    expect(await world.balance(bob)).toBe(150);
  });
});

describe('superusers', () => {
  test('are made by a command beside the running server', async () => {
    const account = credentials({ email: `${randomUUID()}@example.net` });
    await runSuperuser(world.env, account.email, account.password);
    const { body } = await world.api.post<{ access_token: string }>('/login', account);
    const me = await world.api.as(body.access_token).get<User>('/users/me');
    expect(me.body).toMatchObject({ email: account.email, is_superuser: true });
  });

  test('the command refuses a weak password', async () => {
    await expect(runSuperuser(world.env, 'weak@example.net', 'weak')).rejects.toThrow(/superuser ended with/);
  });
});
