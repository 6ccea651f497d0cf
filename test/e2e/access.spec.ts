import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import sharp from 'sharp';
import { ApiClient } from '../support/api-client.js';
import { type Account, type ApiWorld, type Page, PASSWORD, pingOn } from '../support/api-world.js';
import { Platform } from '../support/platform.js';
import { type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { Listener, Watcher } from '../support/watcher.js';

interface Key {
  id: string;
  name: string;
  scopes: string[];
  expires_at: string | null;
  last_used_at: string | null;
  last_used_from: string | null;
}
interface NewKey extends Key {
  key: string;
}

const KEYS = '/api/v1/users/me/keys';
const ME = '/api/v1/users/me';

/** Two servers that hear each other through the database alone: what is over at one is over at the other. */
describe('access', () => {
  let platform: Platform;
  let world: ApiWorld;
  let other: TestServer;
  beforeAll(async () => {
    platform = await Platform.start({});
    world = platform.world;
    other = await platform.join();
  });
  afterAll(() => platform.stop());

  async function keyOf({ api }: { api: ApiClient }, scopes: string[], more: object = {}): Promise<NewKey> {
    const { status, body, text } = await api.post<NewKey>(KEYS, { name: 'a program', scopes, ...more });
    if (status !== 201) throw new Error(text);
    return body;
  }

  const withKey = ({ key }: NewKey, url = world.server.url) => new ApiClient(url, key);
  const there = (api: ApiClient) => new ApiClient(other.url, api.token);

  describe('keys', () => {
    it('are shown once, have the form of a UUID, and are listed without their secret', async () => {
      const user = await world.account();
      const made = await keyOf(user, ['read', 'measure'], { expires_at: '2100-01-01T00:00:00+01:00' });
      expect(made.key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      const { key: _secret, ...shown } = made;
      expect(shown).toMatchObject({
        name: 'a program',
        scopes: ['read', 'measure'],
        expires_at: '2099-12-31T23:00:00.000Z',
        last_used_at: null,
      });
      expect((await user.api.get<Page<Key>>(KEYS)).body).toEqual({ items: [shown], next: null });
      const stored = await world.database.collection('users').findOne({ email: user.email });
      expect(JSON.stringify(stored)).not.toContain(made.key);
    });

    it('are taken as Bearer and as Key, at every server; in no other header and in no address', async () => {
      const { api, id } = await world.account();
      const { key } = await keyOf({ api }, ['read']);
      for (const url of [world.server.url, other.url]) {
        const nobody = new ApiClient(url);
        for (const authorization of [`Bearer ${key}`, `Key ${key}`, `key ${key.toUpperCase()}`]) {
          expect((await nobody.get<{ id: string }>(ME, { authorization })).body.id).toBe(id);
        }
      }
      expect((await world.api.get(ME, { access_token: key })).status).toBe(401);
      for (const query of [`key=${key}`, `access_token=${key}`, `token=${key}`]) {
        const { status, body } = await world.api.get(`${ME}?${query}`);
        expect(status).toBe(401);
        expect(body.detail).toMatch(/^A key is not taken from the address/);
      }
      expect(world.server.log.join('\n')).not.toContain(key);
    });

    it('open what their scopes say, and nothing that is for tokens', async () => {
      const user = await world.account(100);
      const probe = await world.probe(user);
      const [reads, measures, probes] = await Promise.all(
        ['read', 'measure', 'probes'].map((scope) => keyOf(user, [scope])),
      );
      const location = { location: { longitude: 1, latitude: 2 } };
      const asked = async (key: NewKey | undefined) => {
        const api = withKey(key as NewKey);
        return [
          (await api.get(`/api/v1/probes/${probe.id}`)).status,
          (await api.post('/api/v1/operations', pingOn([probe]))).status,
          (await api.post('/api/v1/probes', location)).status,
          (await api.get(KEYS)).status,
          (await api.post('/api/v1/auth/logout-everywhere')).status,
        ];
      };
      expect(await asked(reads)).toEqual([200, 403, 403, 403, 403]);
      expect(await asked(measures)).toEqual([403, 201, 403, 403, 403]);
      expect(await asked(probes)).toEqual([403, 403, 201, 403, 403]);
      const { body } = await withKey(reads as NewKey).post('/api/v1/probes', location);
      expect(body).toMatchObject({
        code: 'forbidden',
        detail: 'This needs a key with the scope probes; this one has read',
      });
    });

    it('of a superuser administer with the scope admin, and are a user’s without it', async () => {
      const user = await world.account(100);
      const hidden = await world.operation(user, [await world.probe(user)], { visibility: 'private' });
      const credits = `/api/v1/users/${user.id}/credits`;
      const root = { api: world.superuser };
      const reads = withKey(await keyOf(root, ['read']));
      expect((await reads.get(`/api/v1/operations/${hidden.id}`)).status).toBe(404);
      expect((await reads.post(credits, { credits: 1 })).status).toBe(403);
      const both = withKey(await keyOf(root, ['read', 'admin']));
      expect((await both.get(`/api/v1/operations/${hidden.id}`)).status).toBe(200);
      expect((await both.post(credits, { credits: 1 })).status).toBe(200);
      const refused = await user.api.post(KEYS, { name: 'x', scopes: ['admin'] });
      expect([refused.status, refused.body.errors?.[0]?.field]).toEqual([400, 'scopes']);
    });

    it.each([
      ['no name', { scopes: ['read'] }, 'name'],
      ['an empty name', { name: '', scopes: ['read'] }, 'name'],
      ['a line in its name', { name: 'a\nb', scopes: ['read'] }, 'name'],
      ['an empty list', { name: 'x', scopes: [] }, 'scopes'],
      ['another scope', { name: 'x', scopes: ['write'] }, 'scopes'],
      ['one scope twice', { name: 'x', scopes: ['read', 'read'] }, 'scopes'],
      ['a scope that is no list', { name: 'x', scopes: 'read' }, 'scopes'],
      ['a past end', { name: 'x', scopes: ['read'], expires_at: '2020-01-01T00:00:00Z' }, 'expires_at'],
      [
        'an end without a zone',
        { name: 'x', scopes: ['read'], expires_at: '2100-01-01T00:00:00' },
        'expires_at',
      ],
      ['an end that is null', { name: 'x', scopes: ['read'], expires_at: null }, 'expires_at'],
    ])('are refused with %s', async (_what, body, field) => {
      const { api } = await world.account();
      const answer = await api.post(KEYS, body);
      expect([answer.status, answer.body.errors?.[0]?.field]).toEqual([400, field]);
    });

    it('are 20 at the most, also where many are made at once', async () => {
      const { api } = await world.account();
      const statuses = await Promise.all(
        Array.from(
          { length: 25 },
          async () => (await api.post(KEYS, { name: 'x', scopes: ['read'] })).status,
        ),
      );
      expect(statuses.filter((status) => status === 201)).toHaveLength(20);
      expect(statuses.filter((status) => status === 409)).toHaveLength(5);
      const pages = await api.pages<Key>(`${KEYS}?limit=8`);
      expect(pages.map((page) => page.length)).toEqual([8, 8, 4]);
      await api.send('DELETE', `${KEYS}/${pages[0]?.[0]?.id ?? ''}`);
      await keyOf({ api }, ['read']);
    });

    it('say when and from where they were used', async () => {
      const user = await world.account();
      const made = await keyOf(user, ['read']);
      await Promise.all(Array.from({ length: 10 }, () => withKey(made).get(ME)));
      const used = await until('the use to be noted', async () => {
        const [key] = (await user.api.get<Page<Key>>(KEYS)).body.items;
        return key === undefined || key.last_used_at === null ? undefined : key;
      });
      expect(used.last_used_from).toBe('127.0.0.1');
      expect(Math.abs(Date.now() - Date.parse(String(used.last_used_at)))).toBeLessThan(600_000);
    });

    it('are over when they are revoked, at all servers, and when their time is', async () => {
      const user = await world.account();
      const [made, stays] = [await keyOf(user, ['read']), await keyOf(user, ['read'])];
      expect((await withKey(made, other.url).get(ME)).status).toBe(200);
      const stranger = await world.account();
      expect((await stranger.api.send('DELETE', `${KEYS}/${made.id}`)).status).toBe(404);
      expect((await user.api.send('DELETE', `${KEYS}/${made.id}`)).status).toBe(204);
      // at once: there is no cache that could know better
      expect((await withKey(made, other.url).get(ME)).status).toBe(401);
      expect((await user.api.send('DELETE', `${KEYS}/${made.id}`)).status).toBe(404);
      expect((await user.api.send('DELETE', `${KEYS}/x`)).status).toBe(404);
      await world.database
        .collection('users')
        .updateOne(
          { 'keys._id': new mongoose.mongo.ObjectId(stays.id) },
          { $set: { 'keys.$.expires_at': new Date(Date.now() - 1) } },
        );
      expect((await withKey(stays).get(ME)).status).toBe(401);
    });
  });

  /** It begins before the account is read anew (docs/adr/0057). */
  describe('a creation by an account that was read lately', () => {
    const users = () => world.database.collection('users');
    const idOf = ({ id }: Account) => new mongoose.Types.ObjectId(id);

    /** @returns somebody whom the server remembers, and what asks it to measure */
    async function known() {
      const user = await world.account(100);
      const probe = await world.probe(user);
      await world.operation(user, [probe]);
      const ask = async (more: object = {}) =>
        user.api.post('/api/v1/operations', pingOn([probe], { ...more, tags: ['second'] }));
      const stored = async () =>
        world.database.collection('operations').countDocuments({ owner: idOf(user), tags: 'second' });
      return { user, probe, ask, stored };
    }

    it.each<[string, object, number, string]>([
      ['tokens were ended', { $inc: { token_version: 1 } }, 401, 'unauthenticated'],
      ['was suspended', { $set: { suspended: { at: new Date(), reason: 'spam' } } }, 403, 'forbidden'],
    ])('is refused where its %s by another server', async (_what, update, status, code) => {
      const { user, ask, stored } = await known();
      await users().updateOne({ _id: idOf(user) }, update);
      const refused = await ask();
      expect([refused.status, refused.body.code]).toEqual([status, code]);
      expect(await stored()).toBe(0);
      const account = await users().findOne({ _id: idOf(user) });
      expect(account?.['credits']).toBe(99);
    });

    it('tells one who has no access any more nothing of what is wrong with the request', async () => {
      const { user, ask } = await known();
      await users().updateOne({ _id: idOf(user) }, { $inc: { token_version: 1 } });
      const refused = await ask({ kind: 'no such kind' });
      expect([refused.status, refused.body.code, refused.body.errors]).toEqual([
        401,
        'unauthenticated',
        undefined,
      ]);
    });

    it('is refused with a key that was revoked at the other server', async () => {
      const { user, probe } = await known();
      const made = await keyOf(user, ['measure']);
      const api = withKey(made);
      expect((await api.post('/api/v1/operations', pingOn([probe]))).status).toBe(201);
      expect((await there(user.api).send('DELETE', `${KEYS}/${made.id}`)).status).toBe(204);
      expect((await api.post('/api/v1/operations', pingOn([probe]))).status).toBe(401);
    });

    it('begins anew for one who is a superuser by now', async () => {
      const { user, ask, stored } = await known();
      await users().updateOne({ _id: idOf(user) }, { $set: { is_superuser: true } });
      expect((await ask()).status).toBe(503);
      expect(await stored()).toBe(0);
      expect((await ask()).status).toBe(201);
      await users().updateOne({ _id: idOf(user) }, { $set: { is_superuser: false } });
    });
  });

  describe('what is connected', () => {
    const isCut = ({ events, socket }: Watcher) =>
      !socket.connected && events.some(([name]) => name === 'cut_off');

    /** A socket and a stream, at the other server. */
    async function connected(
      token: string,
      user: Account,
    ): Promise<{ watcher: Watcher; listener: Listener; lines: Promise<string> }> {
      const operation = await world.operation(user, [await world.probe(user)]);
      const watcher = await Watcher.connect(other.url, token);
      const listener = await Listener.open(other.url, token, operation.id);
      // packed by gzip, which its reader asks for
      const followed = await fetch(`${other.url}/api/v1/operations/${operation.id}/results?follow=true`, {
        headers: { authorization: `Bearer ${token}`, accept: 'application/x-ndjson' },
      });
      expect(followed.headers.get('content-encoding')).toBe('gzip');
      return { watcher, listener, lines: followed.text() };
    }
    const CUT = `{"cut_off":"the access token or key is over"}`;

    it('is cut off when its key is revoked; keys without the scope read do not connect', async () => {
      const user = await world.account(100);
      const made = await keyOf(user, ['read']);
      const { watcher, listener, lines } = await connected(made.key, user);
      const stays = await Watcher.connect(other.url, user.api.token);
      await user.api.send('DELETE', `${KEYS}/${made.id}`);
      await until('socket and stream to end', () => isCut(watcher) && listener.ended);
      expect(listener.events('cut_off')).toEqual([{ detail: 'the access token or key is over' }]);
      expect((await lines).trimEnd().split('\n').at(-1)).toBe(CUT);
      expect(stays.socket.connected).toBe(true);
      stays.close();
      const { key } = await keyOf(user, ['measure']);
      await expect(Watcher.connect(other.url, key)).rejects.toMatchObject({ data: { code: 'forbidden' } });
    });

    it('is cut off with its token, alone or with all others', async () => {
      const user = await world.account(100);
      const second = await world.again(user);
      const { watcher, listener, lines } = await connected(user.api.token ?? '', user);
      const stays = await Watcher.connect(world.server.url, second.token);
      expect((await user.api.post('/api/v1/auth/logout')).status).toBe(204);
      expect((await there(user.api).get(ME)).status).toBe(401);
      await until('socket and stream to end', () => isCut(watcher) && listener.ended);
      expect((await lines).trimEnd().split('\n').at(-1)).toBe(CUT);
      expect(stays.socket.connected).toBe(true);
      const [third, { key }] = [await world.again(user), await keyOf({ api: second }, ['read'])];
      expect((await there(third).post('/api/v1/auth/logout-everywhere')).status).toBe(204);
      expect((await second.get(ME)).status).toBe(401);
      expect((await third.get(ME)).status).toBe(401);
      await until('the last socket to end', () => isCut(stays));
      expect((await world.api.as(key).get(ME)).status).toBe(200);
      expect((await (await world.again(user)).get(ME)).status).toBe(200);
    });
  });

  describe('an account', () => {
    const NEW = 'Another-Horse-8';
    const put = (api: ApiClient, what: string, json: object) => api.send('PUT', `${ME}/${what}`, { json });

    it('gets a new password from who has the present one: other tokens are over then, keys stay', async () => {
      const user = await world.account();
      const second = await world.again(user);
      const { key } = await keyOf(user, ['read']);
      const wrong = await put(user.api, 'password', { password: 'Wrong-Horse-7', new_password: NEW });
      expect([wrong.status, wrong.body.errors?.[0]?.field]).toEqual([403, 'password']);
      const weak = await put(user.api, 'password', { password: PASSWORD, new_password: 'weak' });
      expect([weak.status, weak.body.errors?.[0]?.field]).toEqual([400, 'new_password']);
      const changed = await user.api.send<{ access_token: string }>('PUT', `${ME}/password`, {
        json: { password: PASSWORD, new_password: NEW },
      });
      expect(changed.status).toBe(200);
      for (const api of [user.api, second, there(second)]) expect((await api.get(ME)).status).toBe(401);
      for (const text of [changed.body.access_token, key])
        expect((await world.api.as(text).get(ME)).status).toBe(200);
      const logIn = (password: string) =>
        world.api.post('/api/v1/auth/login', { email: user.email, password });
      expect([(await logIn(PASSWORD)).status, (await logIn(NEW)).status]).toEqual([404, 200]);
    });

    it('bounds how often the present password may be wrong, as when logging in', async () => {
      const user = await world.account();
      const tries = async () =>
        (await put(user.api, 'email', { password: 'Wrong-Horse-7', email: 'x@example.net' })).status;
      const statuses = [];
      for (let n = 0; n < 12; n += 1) statuses.push(await tries());
      expect(statuses).toEqual([...Array<number>(10).fill(403), 429, 429]);
    });

    it('gets another e-mail, which is no other account’s however it is typed', async () => {
      const [user, other] = [await world.account(), await world.account()];
      const email = `Changed-${user.email.replace('@', '@Sub.').toUpperCase()}`;
      const changed = await put(user.api, 'email', { password: PASSWORD, email: ` ${email} ` });
      expect(changed.body).toMatchObject({ email: email.toLowerCase() });
      const domain = (text: string) => text.replace(/@.*/, (rest) => rest.toUpperCase());
      const taken = await put(other.api, 'email', { password: PASSWORD, email: domain(email.toLowerCase()) });
      expect([taken.status, taken.body.code]).toEqual([400, 'email_taken']);
      const none = await put(other.api, 'email', { password: PASSWORD, email: 'none' });
      expect([none.status, none.body.errors?.[0]?.field]).toEqual([400, 'email']);
      expect((await world.again({ email })).token).toBeTruthy();
      const before = await world.api.post('/api/v1/auth/login', { email: user.email, password: PASSWORD });
      expect(before.status).toBe(404);
      const free = await world.api.post('/api/v1/auth/register', { email: user.email, password: PASSWORD });
      expect(free.status).toBe(201);
    });

    it('has a picture, encoded anew, with its type and an ETag at a path of its own', async () => {
      const user = await world.account();
      const other = await world.account();
      const sent = await sharp({ create: { width: 900, height: 300, channels: 3, background: 'teal' } })
        .withExif({ IFD0: { Copyright: 'somebody' } })
        .jpeg()
        .toBuffer();
      const set = await user.api.send<{ picture_url: string }>('PUT', `${ME}/picture`, {
        raw: new Uint8Array(sent),
        headers: { 'content-type': 'image/jpeg' },
      });
      const path = `/api/v1/users/${user.id}/picture`;
      expect([set.status, set.body.picture_url]).toEqual([200, path]);
      const read = (headers: Record<string, string> = {}) =>
        fetch(`${there(other.api).url}${path}`, {
          headers: { authorization: `Bearer ${other.api.token ?? ''}`, ...headers },
        });
      const answer = await read();
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      const bytes = Buffer.from(await answer.arrayBuffer());
      const kept = await sharp(bytes).metadata();
      expect([kept.width, kept.height, kept.exif]).toEqual([512, 171, undefined]);
      const etag = answer.headers.get('etag') ?? '';
      expect((await read({ 'if-none-match': etag })).status).toBe(304);
      for (const raw of ['<svg/>', new Uint8Array(sent.subarray(0, 400)), '{}']) {
        const refused = await user.api.send('PUT', `${ME}/picture`, { raw });
        expect([refused.status, refused.body.errors?.[0]?.field]).toEqual([400, 'picture']);
      }
      const png = await sharp({ create: { width: 9, height: 9, channels: 4, background: 'red' } })
        .png()
        .toBuffer();
      await user.api.send('PUT', `${ME}/picture`, { raw: new Uint8Array(png) });
      expect((await read({ 'if-none-match': etag })).headers.get('content-type')).toBe('image/png');
      const files = () => world.database.collection('pictures.files').countDocuments({ filename: user.id });
      expect(await files()).toBe(1);
      // of several at once one stays, and can be read
      const sets = await Promise.all(
        Array.from({ length: 5 }, () => user.api.send('PUT', `${ME}/picture`, { raw: new Uint8Array(png) })),
      );
      expect(sets.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
      expect([(await read()).status, await files()]).toEqual([200, 1]);
      // who has seen another one changes nothing; the tag of the picture and that of the account count
      const put = (tag: string, method = 'PUT') =>
        user.api.send(method, `${ME}/picture`, {
          ...(method === 'PUT' && { raw: new Uint8Array(png) }),
          headers: { 'if-match': tag },
        });
      expect([(await put(etag)).status, (await put(etag, 'DELETE')).status]).toEqual([412, 412]);
      const again = await put((await read()).headers.get('etag') ?? '');
      expect(again.status).toBe(200);
      expect((await put(again.headers.get('etag') ?? '', 'DELETE')).status).toBe(204);
      expect((await put('*', 'DELETE')).status).toBe(412);
      expect((await user.api.send('DELETE', `${ME}/picture`)).status).toBe(204);
      expect([(await read()).status, await files()]).toEqual([404, 0]);
      const large = await user.api.send('PUT', `${ME}/picture`, { raw: new Uint8Array(1024 * 1024 + 1) });
      expect(large.status).toBe(413);
    });
  });
});
