import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { create, credentials, gzipResult } from '../support/classic-factories.js';
import type { FieldedProbe } from '../support/classic-probe.js';
import { ClassicWorld, type Person } from '../support/classic-world.js';
import { until } from '../support/until.js';

describe('DELETE /delete_all where it is allowed', () => {
  let world: ClassicWorld;
  let ada: Person;
  let probe: FieldedProbe;
  let operation: string;

  beforeAll(async () => {
    world = await ClassicWorld.start();
    ada = await world.person(100);
    probe = await world.fieldedProbe(ada, { reconnection: true });
    operation = (await create(ada.api, 'dns', [probe.identifier]))._id;
    await probe.deliver(gzipResult(operation));
  });

  afterAll(() => world.stop());

  test('is a 204 without a body', async () => {
    const { status, text } = await world.api.send('DELETE', '/delete_all');
    expect([status, text]).toEqual([204, '']);
  });

  test('and nothing of before is there', async () => {
    expect((await world.api.get('/probes')).body).toEqual([]);
    expect((await world.api.get(`/operation?id=${operation}`)).status).toBe(404);
    expect((await ada.api.get('/users/me')).status).toBe(401);
    const { email, password } = ada;
    expect((await world.api.post('/login', { email, password })).status).toBe(404);
  });

  test('the connected probe is remembered nowhere: its socket is closed, its token refused', async () => {
    await until('it is closed', () => probe.disconnects[0]);
    expect(await world.open(probe.token).refused()).toBe('Invalid token');
  });

  test('e-mails are unique at once', async () => {
    const again = { email: ada.email, password: ada.password };
    const answers = await Promise.all(Array.from({ length: 10 }, () => world.api.post('/register', again)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(9).fill(400)]);
  });

  test('and all goes on: a new user, a new probe, its result once', async () => {
    const bob = await world.person();
    const young = await world.fieldedProbe(bob);
    const { status } = await bob.api.post('/ping', {});
    expect(status).toBe(400);
    expect((await world.listed(young.identifier))?.connected).toBe(true);
  });

  test('ten at once, amid registrations, end in no 500', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        index % 2 === 0
          ? world.api.send('DELETE', '/delete_all')
          : world.api.post('/register', credentials()),
      ),
    );
    expect(answers.filter(({ status }) => status >= 500).map(({ text }) => text)).toEqual([]);
    const last = credentials();
    expect((await world.api.post('/register', last)).status).toBe(201);
    expect((await world.api.post('/register', last)).status).toBe(400);
  });
});

describe.each([
  ['where it is not allowed', { ALLOW_DELETE_ALL: '' }],
  ['in production, although it is allowed', { NODE_ENV: 'production', ALLOW_DELETE_ALL: '1' }],
])('DELETE /delete_all %s', (_what, env: Record<string, string>) => {
  let world: ClassicWorld;

  beforeAll(async () => {
    world = await ClassicWorld.startProcess(env);
  });

  afterAll(() => world.stop());

  test('is a 404 like that of any unknown route, and nothing is deleted', async () => {
    const ada = await world.person();
    const answer = await world.api.send('DELETE', '/delete_all');
    expect(answer.status).toBe(404);
    const unknown = await world.api.send('DELETE', '/no_such_route');
    expect(answer.body.Error.replace('/delete_all', '')).toBe(
      unknown.body.Error.replace('/no_such_route', ''),
    );
    expect(answer.text).not.toMatch(/allow|production|disabled/i);
    expect((await ada.api.get('/users/me')).status).toBe(200);
  });

  test('nor does a superuser get it', async () => {
    expect((await world.superuser.send('DELETE', '/delete_all')).status).toBe(404);
    expect((await world.superuser.get('/users/me')).status).toBe(200);
  });
});
