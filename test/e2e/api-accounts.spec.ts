import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiWorld, PASSWORD, type Page, type User } from '../support/api-world.js';

interface Entry {
  amount: number;
  balance_after: number;
  reason: string;
  reference: string;
}

const REGISTER = '/api/v1/auth/register';
const LOGIN = '/api/v1/auth/login';

describe('accounts', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await ApiWorld.start();
  });
  afterAll(() => world.stop());

  it('registers an account without credits, its e-mail in the normal form', async () => {
    const { status, body } = await world.api.post<User>(REGISTER, {
      email: '  Ada@Example.ORG ',
      password: PASSWORD,
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ email: 'ada@example.org', credits: 0, is_superuser: false });
    const again = await world.api.post(REGISTER, { email: 'ADA@example.org', password: PASSWORD });
    expect(again).toMatchObject({ status: 400, body: { code: 'email_taken' } });
  });

  it('gives one of two registrations at once the account', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        world.api.post(REGISTER, { email: 'race@example.org', password: PASSWORD }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(9).fill(400)]);
  });

  it.each([
    ['no e-mail', { email: 'ada', password: PASSWORD }, 'email'],
    ['a long e-mail', { email: `${'a'.repeat(250)}@b.co`, password: PASSWORD }, 'email'],
    ['an e-mail that is an object', { email: { $gt: '' }, password: PASSWORD }, 'email'],
    ['no password', { email: 'x@example.org' }, 'password'],
    ['a password that is null', { email: 'x@example.org', password: null }, 'password'],
    ['a short password', { email: 'x@example.org', password: 'Aa1!' }, 'password'],
    ['a password over 72 bytes', { email: 'x@example.org', password: `Aa1!${'é'.repeat(35)}` }, 'password'],
    ['a wish for more', { email: 'x@example.org', password: PASSWORD, is_superuser: true }, 'is_superuser'],
  ])('refuses %s and names the field', async (_what, body, field) => {
    const { status, body: problem } = await world.api.post(REGISTER, body);
    expect(status).toBe(400);
    expect(problem.errors?.map((each) => each.field)).toEqual([field]);
    expect(problem.Error).toBe(problem.detail);
  });

  it('answers a wrong password and an unknown account alike', async () => {
    const { email } = await world.account();
    const [wrong, unknown] = await Promise.all([
      world.api.post(LOGIN, { email, password: 'Wrong-Horse-7' }),
      world.api.post(LOGIN, { email: 'nobody@example.org', password: 'Wrong-Horse-7' }),
    ]);
    expect([wrong.status, unknown.status]).toEqual([404, 404]);
    expect({ ...wrong.body, request_id: '' }).toEqual({ ...unknown.body, request_id: '' });
  });

  it('takes the token in either header, and nothing else for one', async () => {
    const { api, id } = await world.account();
    const token = api.token ?? '';
    const me = '/api/v1/users/me';
    expect((await api.get<User>(me)).body.id).toBe(id);
    expect((await world.api.get<User>(me, { access_token: token })).body.id).toBe(id);
    const probe = await world.probe(await world.account());
    for (const wrong of ['', 'x', `${token}x`, probe.token, token.split('.').slice(0, 2).join('.') + '.']) {
      const { status, headers, body } = await world.api.get(me, { authorization: `Bearer ${wrong}` });
      expect([status, body.code]).toEqual([401, 'unauthenticated']);
      expect(headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
  });

  it('lets superusers alone give credits', async () => {
    const user = await world.account();
    const path = `/api/v1/users/${user.id}/credits`;
    expect((await world.superuser.post(path, { credits: 70 })).body).toEqual({ id: user.id, credits: 70 });
    expect((await user.api.post(path, { credits: 70 })).status).toBe(403);
    expect((await world.api.post(path, { credits: 70 })).status).toBe(401);
    for (const credits of [0, -1, 1.5, '1', null, 1e13]) {
      expect((await world.superuser.post(path, { credits })).status).toBe(400);
    }
    for (const id of ['6720a1b2c3d4e5f6000000a1', 'nobody', '%24gt']) {
      expect((await world.superuser.post(`/api/v1/users/${id}/credits`, { credits: 1 })).status).toBe(404);
    }
    expect(await world.balance(user)).toBe(70);
  });

  it('shows every change of a balance, newest first, page by page, also where two fell in one millisecond', async () => {
    const user = await world.account();
    await Promise.all(
      Array.from({ length: 7 }, (_, index) =>
        world.superuser.post(`/api/v1/users/${user.id}/credits`, { credits: index + 1 }),
      ),
    );
    const pages = await user.api.pages<Entry>('/api/v1/users/me/ledger?limit=3');
    expect(pages.map((page) => page.length)).toEqual([3, 3, 1]);
    const entries = pages.flat();
    expect(new Set(entries.map(({ reference }) => reference)).size).toBe(7);
    expect(entries[0]?.balance_after).toBe(28);
    expect(entries.reduce((sum, { amount }) => sum + amount, 0)).toBe(28);
    expect(entries.map(({ reason }) => reason)).toEqual(Array(7).fill('grant'));
  });

  it('refuses pages that are none', async () => {
    const { api } = await world.account();
    for (const query of [
      'limit=0',
      'limit=1001',
      'limit=1e2',
      'limit=',
      'limit=1&limit=2',
      'cursor=',
      'cursor=!',
      'cursor=AAAA',
      'x=1',
    ]) {
      expect([query, (await api.get(`/api/v1/users/me/ledger?${query}`)).status]).toEqual([query, 400]);
    }
    const empty = await api.get<Page<Entry>>('/api/v1/users/me/ledger?limit=1000');
    expect(empty.body).toEqual({ items: [], next: null });
    expect(empty.headers.has('link')).toBe(false);
  });
});
