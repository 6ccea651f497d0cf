import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { type ApiClient } from '../support/api-client.js';
import {
  type Account,
  ApiWorld,
  firstRunOf,
  type Operation,
  type Page,
  PASSWORD,
  pingOn,
} from '../support/api-world.js';
import { pingResult } from '../support/native-probe.js';
import { until } from '../support/until.js';
import { Watcher } from '../support/watcher.js';

interface Row {
  route: string;
  open: Record<string, boolean>;
}
interface User {
  id: string;
  email: string;
  suspended_at: string | null;
  suspended_reason: string | null;
}
interface Entry {
  actor_email: string | null;
  via: string;
  address: string | null;
  action: string;
  target: string | null;
  reason: string | null;
  before: object | null;
  after: object | null;
}

/** The table of docs/permissions.md. */
function rowsOfTable(): Row[] {
  const text = readFileSync(new URL('../../docs/permissions.md', import.meta.url), 'utf8');
  const cells = text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));
  const [[, , ...callers] = [], , ...rows] = cells;
  return rows.map(([, route = '', ...open]) => ({
    route,
    open: Object.fromEntries(
      callers.filter((caller) => caller !== '').map((caller, index) => [caller, open[index] === 'yes']),
    ),
  }));
}

/** What ends the credential of its caller: tried with one of its own. */
const ENDING = ['POST /api/v1/auth/logout', 'POST /api/v1/auth/logout-everywhere'];
const KEYS = '/api/v1/users/me/keys';
const NO_PROBE = { probes: ['6720a1b2c3d4e5f6000000a1'] };
/** Of routes that look at what is asked before they look at who asks. */
const BODIES: Record<string, object> = {
  'PATCH /api/v1/operations/{id}': { description: 'x' },
  'POST /api/v1/operations/{id}/probes': NO_PROBE,
  'POST /api/v1/operations/{id}/probes/remove': NO_PROBE,
};

describe('permissions', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await ApiWorld.startProcess();
  });
  afterAll(() => world.stop());

  async function keyOf(api: ApiClient, scopes: string[]): Promise<string> {
    const { body } = await api.post<{ key: string }>(KEYS, { name: 'x', scopes });
    return body.key;
  }
  const audited = async (target: string) =>
    (await world.superuser.get<Page<Entry>>(`/api/v1/audit?target=${target}`)).body.items;

  describe('of the table', () => {
    const rows = rowsOfTable();
    let tokens: Record<string, string>;
    let owner: Account;
    let ids: Record<string, string>;

    beforeAll(async () => {
      [owner] = [await world.account(1_000)];
      const user = await world.account();
      const visit = await world.api.post<{ access_token: string }>('/api/v1/auth/visit');
      tokens = {
        visitor: visit.body.access_token,
        user: user.api.token ?? '',
        owner: owner.api.token ?? '',
        read: await keyOf(owner.api, ['read']),
        measure: await keyOf(owner.api, ['measure']),
        probes: await keyOf(owner.api, ['probes']),
        admin: await keyOf(world.superuser, ['admin']),
        superuser: world.superuser.token ?? '',
      };
      const probe = await world.probe(owner);
      const { id } = await world.operation(owner, [probe]);
      ids = { probes: probe.id, operations: id, users: owner.id };
    });

    /** @returns whether the server lets a caller in; what it asks beside (a body, a header) was not given */
    async function letsIn(route: string, token: string): Promise<boolean> {
      const [method = '', path = ''] = route.split(' ');
      const [, of = ''] = /^\/api\/v1\/(\w+)\/\{/.exec(path) ?? [];
      const address = path.replace(/\{\w+\}/g, ids[of] ?? '6720a1b2c3d4e5f6000000a1');
      const body = BODIES[route] ?? (method === 'PATCH' ? { name: 'x' } : undefined);
      const gone = new AbortController();
      const response = await fetch(`${world.server.url}${address}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(method === 'PATCH' && { 'if-match': '"1"' }),
          ...(body && { 'content-type': 'application/json' }),
          ...(method === 'PUT' && { 'if-match': '"1"' }),
        },
        ...(body && { body: JSON.stringify(body) }),
        signal: gone.signal,
      });
      gone.abort();
      return response.status !== 401 && response.status !== 403;
    }

    async function tokenFor(route: string, caller: string): Promise<string> {
      if (!ENDING.includes(route) || !['user', 'owner', 'superuser'].includes(caller))
        return tokens[caller] ?? '';
      return (await world.account()).api.token ?? '';
    }

    it('has every route', () => {
      expect(rows.length).toBeGreaterThan(60);
      expect(new Set(rows.map(({ route }) => route)).size).toBe(rows.length);
    });

    it.each(rows)('are what the server does: $route', async ({ route, open }) => {
      const found: Record<string, boolean> = {};
      for (const caller of Object.keys(open))
        found[caller] = await letsIn(route, await tokenFor(route, caller));
      expect(found).toEqual(open);
      // who shows nothing
      expect(await letsIn(route, 'none')).toBe(Object.values(open).every((each) => each));
    });
  });

  describe('of superusers', () => {
    it('show accounts page by page, by a part of the e-mail, as it is written', async () => {
      const some = await Promise.all([world.account(), world.account(), world.account()]);
      const found = async (part: string) => {
        const path = `/api/v1/users?limit=2&email=${encodeURIComponent(part)}`;
        return (await world.superuser.pages<User>(path)).flat().map(({ email }) => email);
      };
      const [first] = some;
      expect(await found(first.email.toUpperCase())).toContain(first.email);
      expect((await found('@example.org')).length).toBeGreaterThan(3);
      // no regular expression
      for (const part of ['user.1', '.*', '^', '(a+)+$', '[', '\\']) expect(await found(part)).toEqual([]);
      expect((await world.superuser.get<User>(`/api/v1/users/${first.id}`)).body.email).toBe(first.email);
      expect((await world.superuser.get('/api/v1/users/6720a1b2c3d4e5f6000000a1')).status).toBe(404);
    });

    it('suspend an account: log-ins, tokens, keys, sockets and operations end, and come back but for the last', async () => {
      const user = await world.account(10_000);
      const key = await keyOf(user.api, ['read']);
      const probe = await world.probe(user);
      const running = await world.operation(user, [probe], {
        schedule: { type: 'interval', every_s: 60, stop: new Date(Date.now() + 3_600_000).toISOString() },
      });
      const watcher = await Watcher.connect(world.server.url, user.api.token);
      const path = `/api/v1/users/${user.id}`;
      expect((await world.superuser.post(`${path}/suspend`)).status).toBe(400);
      const { status, body } = await world.superuser.post<User>(`${path}/suspend`, { reason: 'scans' });
      expect([status, body.suspended_reason]).toEqual([200, 'scans']);
      for (const api of [user.api, world.api.as(key)]) {
        const refused = await api.get('/api/v1/users/me');
        expect([refused.status, refused.body.detail]).toEqual([
          403,
          expect.stringContaining('suspended: scans'),
        ]);
      }
      const logIn = () => world.api.post('/api/v1/auth/login', { email: user.email, password: PASSWORD });
      expect((await logIn()).status).toBe(403);
      await until('the socket to end', () => !watcher.socket.connected);
      await expect(Watcher.connect(world.server.url, key)).rejects.toMatchObject({
        data: { code: 'forbidden' },
      });
      const stopped = await world.superuser.get<Operation>(`/api/v1/operations/${running.id}`);
      expect(stopped.body.state).toBe('stopped');
      expect((await world.superuser.get<Page<User>>('/api/v1/users?suspended=true')).body.items).toHaveLength(
        1,
      );
      expect((await world.superuser.post(`${path}/unsuspend`)).status).toBe(200);
      expect((await user.api.get('/api/v1/users/me')).status).toBe(200);
      expect((await logIn()).status).toBe(200);
      expect(await world.balance(user)).toBe(10_000);
      const [second, first] = await audited(user.id);
      expect([second?.action, first?.action]).toEqual([
        'POST /api/v1/users/{id}/unsuspend',
        'POST /api/v1/users/{id}/suspend',
      ]);
      expect(first).toMatchObject({
        actor_email: 'root@example.org',
        via: 'token',
        address: '127.0.0.1',
        reason: 'scans',
        before: { suspended_at: null },
        after: { suspended_reason: 'scans' },
      });
    });

    it('change one thing at once: one of them is told that it has changed', async () => {
      const [user, owner] = [await world.account(), await world.account()];
      const probe = await world.probe(owner);
      for (const path of [`/api/v1/users/${user.id}`, `/api/v1/probes/${probe.id}`]) {
        const seen = (await world.superuser.get(path)).headers.get('etag') ?? '';
        const suspend = (reason: string) =>
          world.superuser.post(`${path}/suspend`, { reason }, { 'if-match': seen });
        const answers = await Promise.all([suspend('one reason'), suspend('another')]);
        expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
        const now = answers.find(({ status }) => status === 200)?.headers.get('etag');
        expect(now).not.toBe(seen);
        expect(answers.find(({ status }) => status === 412)?.headers.get('etag')).toBe(now);
        const lift = (etag: string) =>
          world.superuser.post(`${path}/unsuspend`, undefined, { 'if-match': etag });
        expect([(await lift(seen)).status, (await lift(now ?? '')).status]).toEqual([412, 200]);
        // what was refused is not in the audit
        expect(await audited(path.slice(path.lastIndexOf('/') + 1))).toHaveLength(2);
      }
    });

    it('change their e-mail only where it is as they have seen it', async () => {
      const user = await world.account();
      const first = await user.api.get<{ revision: number; updated_at: string }>('/api/v1/users/me');
      const seen = first.headers.get('etag') ?? '';
      expect(seen).toBe(`"${first.body.revision}"`);
      const change = (email: string) =>
        user.api.send('PUT', '/api/v1/users/me/email', {
          json: { email, password: PASSWORD },
          headers: { 'if-match': seen },
        });
      expect((await change(`a-${user.email}`)).status).toBe(200);
      expect((await change(`b-${user.email}`)).status).toBe(412);
      const { body } = await user.api.get<{ email: string; updated_at: string }>('/api/v1/users/me');
      expect(body.email).toBe(`a-${user.email}`);
      expect(body.updated_at > first.body.updated_at).toBe(true);
    });

    it('leave an entry also where the server ended in the middle', async () => {
      const [at, target] = [new Date(Date.now() - 700_000), '6720a1b2c3d4e5f6000000ff'];
      const action = 'POST /api/v1/users/{id}/suspend';
      const begun = world.database.collection('audit_begun');
      await begun.insertOne({ at, via: 'token', action, target });
      await begun.insertOne({ at: new Date(), via: 'token', action, target });
      await world.server.kill();
      await world.restart();
      const unfinished = await until('the entry', async () => {
        const entries = await audited(target);
        return entries.length > 0 && entries;
      });
      expect(unfinished).toMatchObject([{ at: at.toISOString(), action, unfinished: true }]);
      // the other may be under way still
      expect(await begun.countDocuments()).toBe(1);
      await begun.deleteMany({});
    });

    it('give and take credits with a reason in the ledger, and no more than there are', async () => {
      const user = await world.account();
      const path = `/api/v1/users/${user.id}/credits`;
      await world.superuser.post(path, { credits: 70, reason: 'a course' });
      const take = (credits: number) =>
        world.superuser.post(`${path}/take`, { credits, reason: 'it is over' });
      expect((await take(71)).body.code).toBe('not_enough_credits');
      expect((await take(70)).body).toEqual({ id: user.id, credits: 0 });
      const { items } = (
        await user.api.get<Page<{ amount: number; reason: string; note: string }>>('/api/v1/users/me/ledger')
      ).body;
      expect(items.map(({ amount, reason, note }) => [amount, reason, note])).toEqual([
        [-70, 'taken', 'it is over'],
        [70, 'grant', 'a course'],
      ]);
      const [taken] = await audited(user.id);
      expect(taken).toMatchObject({ before: { credits: 70 }, after: { credits: 0 }, reason: 'it is over' });
    });

    it('suspend a probe: it is cut off with what its host can do, gets no work, and comes back', async () => {
      const user = await world.account(1_000);
      const registered = await world.probe(user);
      const probe = await world.connect(registered);
      const path = `/api/v1/probes/${registered.id}`;
      const { body } = await world.superuser.post<{ connected: boolean; suspended_reason: string }>(
        `${path}/suspend`,
        { reason: 'its clock is wrong' },
      );
      expect(body).toMatchObject({ connected: false, suspended_reason: 'its clock is wrong' });
      await probe.lost;
      await expect(world.connect(registered)).rejects.toMatchObject({
        message: expect.stringContaining('suspended by the operator of the platform: its clock is wrong'),
      });
      const refused = await user.api.post('/api/v1/operations', pingOn([registered]));
      expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining('is suspended')]);
      const chosen = await user.api.post('/api/v1/operations', {
        ...pingOn([]),
        probes: undefined,
        select: { count: 1000 },
      });
      expect(chosen.body.detail).toMatch(/suspended excludes 1/);
      expect((await world.superuser.post(`${path}/unsuspend`)).status).toBe(200);
      await world.connect(registered);
      expect(await audited(registered.id)).toHaveLength(2);
    });

    it('see which targets are struck the most', async () => {
      const user = await world.account(100_000);
      const probes = await Promise.all([world.probe(user), world.probe(user)]);
      const schedule = { type: 'interval', every_s: 1, stop: new Date(Date.now() + 600_000).toISOString() };
      const params = { ips: ['198.51.100.77'], probecount: 10 };
      await world.operation(user, probes, { schedule, params });
      const { body } = await world.superuser.get<{
        items: { target: string; operations: number; probes: number; packets_per_s: number }[];
      }>('/api/v1/targets/busiest');
      const figures = body.items.map(({ packets_per_s }) => packets_per_s);
      expect(figures).toEqual(figures.toSorted((a, b) => b - a));
      // ten packets each second from each of two probes
      expect(body.items.find(({ target }) => target === '198.51.100.77')).toMatchObject({
        operations: 1,
        probes: 2,
        packets_per_s: 20,
      });
    });

    it('see the servers, and what their keys did', async () => {
      const servers = async () =>
        (
          await world.superuser.get<{
            items: { id: string; alive: boolean; answers: boolean }[];
            leases: { work: string; server: string }[];
          }>('/api/v1/servers')
        ).body;
      const [own, ...others] = (await servers()).items;
      expect([own, ...others]).toMatchObject([{ alive: true, answers: true }]);
      await until('a lease', async () => (await servers()).leases.some(({ server }) => server === own?.id));
      const user = await world.account();
      const key = world.api.as(await keyOf(world.superuser, ['admin']));
      await key.post(`/api/v1/users/${user.id}/credits`, { credits: 1 });
      const [entry] = await audited(user.id);
      expect(entry?.via).toMatch(/^key:[0-9a-f]{24}$/);
    });
  });

  describe('of who deletes an account', () => {
    it('end with it: what is public stays, what tells whose it was goes', async () => {
      const user = await world.account(10_000);
      const registered = await world.probe(user, { name: 'at home', tags: ['home'] });
      const probe = await world.connect(registered);
      const schedule = {
        type: 'interval',
        every_s: 60,
        stop: new Date(Date.now() + 3_600_000).toISOString(),
      };
      const running = await world.operation(user, [registered], { schedule });
      const hidden = await world.operation(user, [registered], { schedule, visibility: 'private' });
      const remove = (password: string) => user.api.post('/api/v1/users/me/delete', { password });
      expect((await remove('Wrong-Horse-7')).status).toBe(403);
      expect((await remove(PASSWORD)).status).toBe(204);
      expect((await user.api.get('/api/v1/users/me')).status).toBe(401);
      await probe.lost;
      await expect(world.connect(registered)).rejects.toMatchObject({
        message: expect.stringContaining('This probe is retired'),
      });
      const reader = await world.account();
      const kept = await reader.api.get<Operation>(`/api/v1/operations/${running.id}`);
      expect([kept.status, kept.body.state]).toEqual([200, 'stopped']);
      const place = await reader.api.get<{ name: string | null; tags: string[] }>(
        `/api/v1/probes/${registered.id}`,
      );
      expect(place.body).toMatchObject({ name: null, tags: ['system-ipv4-works'] });
      const retention = await world.superuser.get<object>(`/api/v1/operations/${hidden.id}/retention`);
      expect(JSON.stringify(retention.body)).toContain('60');
      const _id = new mongoose.mongo.ObjectId(user.id);
      const { database } = world;
      expect(await database.collection('users').findOne({ _id })).toBeNull();
      const entries = await database.collection('ledger').find({ user: _id }).toArray();
      expect(entries.reduce((sum, { amount }) => sum + Number(amount), 0)).toBe(0);
      // the e-mail is free
      const again = await world.api.post('/api/v1/auth/register', { email: user.email, password: PASSWORD });
      expect(again.status).toBe(201);
    });

    it('take their sites and imports with them, but for sites that hold probes of others', async () => {
      const user = await world.account();
      const other = await world.account();
      const siteOf = (name: string) => `/api/v1/sites/${name}-${user.id}`;
      const details = {
        contact: 'Ada',
        address: { lines: ['Av. 1'], postcode: 'C1063', region: 'CABA', country: 'AR' },
        location: { longitude: -58.3816, latitude: -34.6037 },
        notes: 'Key at the porter.',
      };
      for (const name of ['home', 'shared'])
        expect((await user.api.send('PUT', siteOf(name), { json: details })).status).toBe(201);
      const png = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
        .png()
        .toBuffer();
      for (const name of ['home', 'shared'])
        await user.api.send('PUT', `${siteOf(name)}/photo`, { raw: new Uint8Array(png) });
      const [own, lent] = [await world.probe(user), await world.probe(other)];
      const place = async (api: ApiClient, name: string, { id }: { id: string }) =>
        (await api.send('PUT', `${siteOf(name)}/instruments/${id}`, { json: { serial: 'SN-1' } })).status;
      expect(await place(user.api, 'home', own)).toBe(201);
      expect(await place(world.superuser, 'shared', lent)).toBe(201);
      const upload = await user.api.send<{ id: string }>('POST', '/api/v1/imports?name=ada.json', {
        raw: '{"not": "a result"}',
        headers: { 'content-type': 'application/octet-stream' },
      });
      expect(upload.status).toBe(202);

      expect((await user.api.post('/api/v1/users/me/delete', { password: PASSWORD })).status).toBe(204);
      expect((await other.api.get(siteOf('home'))).status).toBe(404);
      const { body } = await world.superuser.get<object>(siteOf('shared'));
      expect(body).toMatchObject({
        ...{ owner_id: user.id, contact: null, notes: null, photo_url: null, instruments: 1 },
        address: { lines: [], region: 'CABA', postcode: null, country: 'AR' },
        location: { longitude: -58.38, latitude: -34.6 },
      });
      const { database } = world;
      const retired = await database
        .collection('probes')
        .findOne({ _id: new mongoose.mongo.ObjectId(own.id) });
      expect([retired?.['site'], retired?.['instrument']]).toEqual([undefined, undefined]);
      expect(await place(world.superuser, 'shared', own)).toBe(409);
      expect(await database.collection('pictures.files').countDocuments()).toBe(0);
      const left = { owner: new mongoose.mongo.ObjectId(user.id) };
      await until(
        'the import to be gone',
        async () => (await database.collection('imports').countDocuments(left)) === 0,
      );
      // who has a probe there takes it away
      const taken = await other.api.send('DELETE', `${siteOf('shared')}/instruments/${lent.id}`);
      expect(taken.status).toBe(204);
    });

    it('are not there for the last superuser', async () => {
      const { status, body } = await world.superuser.post('/api/v1/users/me/delete', { password: PASSWORD });
      expect([status, body.code]).toEqual([409, 'conflict']);
    });
  });
});

describe('a platform without credits (CREDITS=off)', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await ApiWorld.start({ CREDITS: 'off' });
  });
  afterAll(() => world.stop());

  it('asks nobody for any, pays none, and says so', async () => {
    const { body: platform } = await world.api.get<{ credits: string }>('/api/v1/platform');
    expect(platform.credits).toBe('off');
    const user = await world.account();
    const registered = await world.probe(user);
    const watcher = await Watcher.connect(world.server.url, user.api.token);
    const heard: string[] = [];
    watcher.socket.onAny((name: string) => heard.push(name));
    const probe = await world.connect(registered);
    const operation = await world.operation(user, [registered]);
    await watcher.ask('subscribe', { operation: operation.id });
    await probe.told(operation.id);
    expect((await probe.results([pingResult(operation.id, firstRunOf(operation))])).items).toEqual([
      { status: 'stored' },
    ]);
    await until('the result to be told', () => heard.includes('result'));
    expect(heard).not.toContain('credits');
    expect(await world.balance(user)).toBe(0);
    expect((await user.api.get<Page<object>>('/api/v1/users/me/ledger')).body.items).toEqual([]);
    // also of a stop, which pays back otherwise
    const running = await world.operation(user, [registered], {
      schedule: { type: 'interval', every_s: 60, stop: new Date(Date.now() + 3_600_000).toISOString() },
    });
    const { body } = await user.api.post<{ refunded: number }>(`/api/v1/operations/${running.id}/stop`);
    expect([body.refunded, await world.balance(user)]).toEqual([0, 0]);
    probe.close();
    watcher.close();
  });
});
