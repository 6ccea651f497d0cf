import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { type ApiClient } from '../support/api-client.js';
import {
  type Account,
  ApiWorld,
  type Operation,
  type Page,
  pingOn,
  type Registered,
} from '../support/api-world.js';

interface Site {
  name: string;
  owner_id: string;
  contact: string | null;
  address: { lines: string[]; region: string | null; postcode: string | null; country: string | null } | null;
  notes: string | null;
  photo_url: string | null;
  instruments: number;
  revision: number;
}
interface Instrument {
  probe_id: string;
  site: string;
  hardware: string | null;
  mac_address: string | null;
  serial: string | null;
}

const SITES = '/api/v1/sites';
const siteAt = (name: string) => `${SITES}/${encodeURIComponent(name)}`;
const DETAILS = {
  contact: 'Network operations\nnoc@example.org',
  address: { lines: ['Av. Paseo Colón 850', 'Piso 4'], region: 'CABA', postcode: 'C1063ACV', country: 'AR' },
  location: { longitude: -58.3816, latitude: -34.6037 },
  notes: 'Key at the porter.',
};

describe('sites', () => {
  let world: ApiWorld;
  let owner: Account;
  let stranger: Account;
  let names = 0;
  beforeAll(async () => {
    world = await ApiWorld.start();
    [owner, stranger] = await Promise.all([world.account(1000), world.account(1000)]);
  });
  afterAll(() => world.stop());

  const put = (path: string, json: unknown, headers: Record<string, string> = {}, api = owner.api) =>
    api.send<Site & Instrument>('PUT', path, { json, headers });
  const remove = (path: string, headers: Record<string, string> = {}, api = owner.api) =>
    api.send('DELETE', path, { headers });
  const newName = () => `Site ${(names += 1)}`;
  const read = async (name: string, api = owner.api) => (await api.get<Site>(siteAt(name))).body;

  async function made(json: object = DETAILS, api: ApiClient = owner.api): Promise<string> {
    const name = newName();
    expect((await put(siteAt(name), json, {}, api)).status).toBe(201);
    return name;
  }
  async function placed(name: string, details: object = {}): Promise<Registered> {
    const probe = await world.probe(owner);
    expect((await put(`${siteAt(name)}/instruments/${probe.id}`, details)).status).toBe(201);
    return probe;
  }

  it('are made and replaced by PUT, and hide from strangers what is inside', async () => {
    const name = newName();
    const first = await put(siteAt(name), DETAILS);
    expect([first.status, first.headers.get('etag'), first.headers.get('location')]).toEqual([
      201,
      '"1"',
      siteAt(name),
    ]);
    expect(first.body).toMatchObject({ name, owner_id: owner.id, instruments: 0, revision: 1, ...DETAILS });
    expect(await read(name)).toEqual(first.body);
    expect((await put(siteAt(name), {})).body).toMatchObject({ code: 'precondition_required' });
    const taken = await put(siteAt(name), {}, { 'if-none-match': '*' });
    expect([taken.status, taken.headers.get('etag')]).toEqual([412, '"1"']);
    expect((await put(siteAt(newName()), {}, { 'if-match': '*' })).status).toBe(412);
    expect((await put(siteAt(name), {}, { 'if-match': '"1"' }, stranger.api)).status).toBe(403);
    expect(await read(name, stranger.api)).toMatchObject({
      contact: null,
      notes: null,
      address: { lines: [], region: 'CABA', postcode: null, country: 'AR' },
      location: DETAILS.location,
    });
    const second = await put(siteAt(name), { notes: 'Empty.' }, { 'if-match': '"1"' }, world.superuser);
    expect([second.status, second.headers.get('etag')]).toEqual([200, '"2"']);
    expect(second.body).toMatchObject({ contact: null, address: null, location: null, notes: 'Empty.' });
    const alike = await put(siteAt(name.toUpperCase()), {}, {}, stranger.api);
    expect([alike.status, alike.body]).toMatchObject([409, { detail: expect.stringContaining(name) }]);
  });

  it('let one of two administrators change what both have read, and one of two make it', async () => {
    const name = newName();
    const makers = await Promise.all(
      Array.from({ length: 6 }, (_each, n) => put(siteAt(name), { notes: `made by ${n}` })),
    );
    expect(makers.map(({ status }) => status).sort()).toEqual([201, 428, 428, 428, 428, 428]);
    for (let revision = 1; revision <= 3; revision += 1) {
      const both = await Promise.all(
        ['one', 'two'].map((notes) =>
          put(siteAt(name), { notes }, { 'if-match': `"${revision}"` }, world.superuser),
        ),
      );
      expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
      const [winner, loser] = both[0]?.status === 200 ? both : [both[1], both[0]];
      expect(loser?.headers.get('etag')).toBe(`"${revision + 1}"`);
      expect(await read(name, world.superuser)).toEqual(winner?.body);
    }
  });

  it.each([
    ['.hidden', {}, ['name']],
    ['a/b', {}, ['name']],
    ['$where', {}, ['name']],
    ['x'.repeat(101), {}, ['name']],
    ['a\u202eb', {}, ['name']],
    [
      'ok',
      { address: { lines: ['', 'a\nb'], country: 'XX', postcode: 'x'.repeat(21) } },
      ['/address/country', '/address/lines/0', '/address/lines/1', '/address/postcode'],
    ],
    [
      'ok',
      { address: { lines: [], country: 'ar' }, location: { longitude: 181 }, notes: '\u0000', more: 1 },
      ['/address/country', '/location/latitude', '/location/longitude', '/more', '/notes'],
    ],
    ['ok', { contact: null, address: [] }, ['/address', '/contact']],
  ])('names what is wrong with %s %j', async (name, body, places) => {
    const answer = await owner.api.send('PUT', siteAt(name), { json: body });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
    expect(answer.body.errors?.map(({ pointer, parameter }) => pointer ?? parameter).sort()).toEqual(places);
  });

  it('are listed with cursors and pages', async () => {
    const account = await world.account();
    const own: string[] = [];
    for (const country of ['UY', 'PY', 'UY', 'PY', 'UY'])
      own.push(await made({ address: { lines: [], country } }, account.api));
    const pages = await account.api.pages<Site>(`${SITES}?mine=true&limit=2`);
    expect(pages.map((page) => page.map(({ name }) => name))).toEqual([
      own.slice(0, 2),
      own.slice(2, 4),
      own.slice(4),
    ]);
    const page = async (query: string) =>
      (await account.api.get<Page<Site>>(`${SITES}?${query}`)).body.items.map(({ name }) => name);
    expect(await page('mine=true&limit=2&page=2')).toEqual(own.slice(2, 4));
    expect(await page('mine=true&limit=2&page=4')).toEqual([]);
    expect(await page('country=PY&mine=true')).toEqual([own[1], own[3]]);
    expect((await account.api.get(`${SITES}?page=1&cursor=abc`)).body.errors).toMatchObject([
      { parameter: 'page' },
    ]);
  });

  it('hold probes as their instruments', async () => {
    const name = await made();
    const probe = await world.probe(owner);
    const path = `${siteAt(name)}/instruments/${probe.id}`;
    const details = { hardware: 'Raspberry Pi 5', mac_address: '02-00-5E-10-00-FF', serial: 'SN-1' };
    expect((await put(path, details, {}, stranger.api)).status).toBe(403);
    const first = await put(path, details);
    const shown = { ...details, mac_address: '02:00:5e:10:00:ff', site: name, probe_id: probe.id };
    expect([first.status, first.headers.get('etag'), first.body]).toMatchObject([201, '"2"', shown]);
    expect((await owner.api.get<Instrument>(path)).body).toEqual(first.body);
    expect((await stranger.api.get<Instrument>(path)).body).toMatchObject({
      ...{ hardware: null, mac_address: null, serial: null, site: name },
    });
    expect((await put(path, details)).status).toBe(428);
    expect((await put(path, { serial: 'SN-2' }, { 'if-match': '"1"' })).status).toBe(412);
    const second = await put(path, { serial: 'SN-2' }, { 'if-match': '"2"' });
    expect([second.status, second.body]).toMatchObject([200, { serial: 'SN-2', hardware: null }]);
    for (const mac_address of ['01:00:5e:00:00:01', '02:00', 7])
      expect((await put(path, { mac_address }, { 'if-match': '*' })).body).toMatchObject({
        errors: [{ pointer: '/mac_address' }],
      });
    expect((await owner.api.get<{ site: string }>(`/api/v1/probes/${probe.id}`)).body.site).toBe(name);
    expect((await read(name)).instruments).toBe(1);

    // another's site, or another's probe, needs a superuser
    const theirs = await made({}, stranger.api);
    expect((await put(`${siteAt(theirs)}/instruments/${probe.id}`, {}, { 'if-match': '*' })).status).toBe(
      403,
    );
    const foreign = await world.probe(stranger);
    expect((await put(`${siteAt(name)}/instruments/${foreign.id}`, {})).status).toBe(403);
    const lent = await put(`${siteAt(name)}/instruments/${foreign.id}`, {}, {}, world.superuser);
    expect(lent.status).toBe(201);
    // who has the site may say what stands there; who has the probe may take it away
    expect((await put(`${siteAt(name)}/instruments/${foreign.id}`, {}, { 'if-match': '*' })).status).toBe(
      200,
    );
    expect((await remove(`${siteAt(name)}/instruments/${foreign.id}`, {}, stranger.api)).status).toBe(204);
    expect((await remove(path, { 'if-match': '"2"' })).status).toBe(412);
    expect((await remove(path)).status).toBe(204);
    expect([(await owner.api.get(path)).status, (await read(name)).instruments]).toEqual([404, 0]);
  });

  it('are in the filters of probes, instruments, results and select', async () => {
    const [one, other] = [await made(), await made()];
    const [a, b, c] = [await placed(one), await placed(one), await placed(other, { serial: 'SN-9' })];
    const ids = async (path: string, api = owner.api) =>
      (await api.pages<{ id?: string; probe_id?: string }>(path))
        .flat()
        .map(({ id, probe_id }) => id ?? probe_id);
    const asked = (...sites: string[]) => sites.map((site) => `site=${encodeURIComponent(site)}`).join('&');
    expect(await ids(`/api/v1/probes?${asked(one)}`)).toEqual([a.id, b.id]);
    expect(await ids(`/api/v1/probes?${asked(one, other)}&limit=1`)).toEqual([a.id, b.id, c.id]);
    expect(await ids(`/api/v1/probes?${asked('Nowhere')}`)).toEqual([]);
    expect(await ids(`/api/v1/instruments?${asked(one, other)}&limit=2`)).toEqual([a.id, b.id, c.id]);
    expect(await ids('/api/v1/instruments?mine=true', stranger.api)).toEqual([]);
    expect(await ids(`/api/v1/instruments?${asked(one)}&connected=true`)).toEqual([]);
    const seen = async (api: ApiClient) =>
      (await api.get<Page<Instrument>>(`/api/v1/instruments?${asked(other)}`)).body.items.map(
        ({ serial }) => serial,
      );
    expect([await seen(owner.api), await seen(stranger.api)]).toEqual([['SN-9'], [null]]);
    expect((await owner.api.get(`/api/v1/probes?${asked('a/b')}`)).body.errors).toMatchObject([
      { parameter: 'site' },
    ]);

    for (const probe of [a, b, c]) await world.connect(probe);
    const { body } = await owner.api.post<Operation & { selection: object }>('/api/v1/operations', {
      ...pingOn([]),
      probes: undefined,
      select: { count: 2, sites: [one] },
    });
    expect(body.selection).toMatchObject({ count: 2, sites: [one] });
    expect(await ids(`/api/v1/operations/${body.id}/assignments`)).toEqual([a.id, b.id]);
    expect((await owner.api.get(`/api/v1/results?${asked(one)}`)).status).toBe(200);
    const few = await owner.api.post<{ shortage: { conditions: { condition: string }[] } }>(
      '/api/v1/operations',
      {
        ...pingOn([]),
        probes: undefined,
        select: { count: 3, sites: [one] },
      },
    );
    expect([few.status, few.body.shortage.conditions.map(({ condition }) => condition)]).toEqual([
      409,
      expect.arrayContaining(['sites']),
    ]);
  });

  it('are not deleted while probes are there, unless it is said where they go', async () => {
    const [name, target] = [await made(), await made()];
    const probe = await placed(name, { serial: 'SN-3' });
    await placed(name);
    const refused = await remove(siteAt(name));
    expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining('2 probes')]);
    for (const [wrong, status] of [
      [name, 400],
      ['Nowhere', 400],
      [await made({}, stranger.api), 403],
    ] as const)
      expect((await remove(`${siteAt(name)}?move_to=${encodeURIComponent(wrong)}`)).status).toBe(status);
    expect((await remove(siteAt(name), {}, stranger.api)).status).toBe(403);
    expect((await remove(siteAt(name), { 'if-match': '"7"' })).status).toBe(412);
    const moving = `${siteAt(name)}?move_to=${encodeURIComponent(target)}`;
    expect((await remove(moving, { 'if-match': '"1"' })).status).toBe(204);
    expect((await owner.api.get(siteAt(name))).status).toBe(404);
    expect((await remove(moving)).status).toBe(404);
    const { body } = await owner.api.get<Instrument>(`${siteAt(target)}/instruments/${probe.id}`);
    expect(body).toMatchObject({ site: target, serial: 'SN-3' });
    expect((await put(siteAt(name), {})).status).toBe(201);
  });

  it('have a photo, which changes and goes with its site', async () => {
    const name = await made();
    const path = `${siteAt(name)}/photo`;
    const photo = async (background: string) =>
      new Uint8Array(
        await sharp({ create: { width: 2000, height: 500, channels: 3, background } })
          .withExif({ IFD0: { Copyright: 'somebody' } })
          .jpeg()
          .toBuffer(),
      );
    const [red, blue] = [await photo('red'), await photo('blue')];
    const set = (raw: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, api = owner.api) =>
      api.send<Site>('PUT', path, { raw, headers: { 'content-type': 'image/jpeg', ...headers } });
    const shown = (headers: Record<string, string> = {}) =>
      fetch(`${stranger.api.url}${path}`, {
        headers: { authorization: `Bearer ${stranger.api.token ?? ''}`, ...headers },
      });
    expect((await shown()).status).toBe(404);
    expect((await remove(path)).status).toBe(404);
    expect((await set(red, {}, stranger.api)).status).toBe(403);
    const refused = await owner.api.send('PUT', path, { raw: '{}' });
    expect([refused.status, refused.body.errors?.[0]?.field]).toEqual([400, 'photo']);

    const first = await set(red);
    expect([first.status, first.headers.get('etag'), first.headers.get('location')]).toEqual([
      ...[201, '"2"', path],
    ]);
    expect(first.body).toMatchObject({ photo_url: path, revision: 2, notes: DETAILS.notes });
    const answer = await shown();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
    const kept = await sharp(Buffer.from(await answer.arrayBuffer())).metadata();
    expect([kept.width, kept.height, kept.exif]).toEqual([1024, 256, undefined]);
    const tag = answer.headers.get('etag') ?? '';
    expect((await shown({ 'if-none-match': tag })).status).toBe(304);

    // who replaces it says which one they have seen: the photo, or its site
    expect((await set(blue)).status).toBe(428);
    expect((await set(blue, { 'if-none-match': '*' })).status).toBe(412);
    const stale = await set(blue, { 'if-match': '"1"' });
    expect([stale.status, stale.headers.get('etag')]).toEqual([412, '"2"']);
    const both = await Promise.all(
      [owner.api, world.superuser].map((api) => set(blue, { 'if-match': tag }, api)),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
    expect((await shown({ 'if-none-match': tag })).status).toBe(200);
    expect((await put(siteAt(name), DETAILS, { 'if-match': '"2"' })).status).toBe(412);
    const replaced = await put(siteAt(name), DETAILS, { 'if-match': '"3"' });
    expect(replaced.body).toMatchObject({ photo_url: path, revision: 4 });
    expect((await remove(path, {}, stranger.api)).status).toBe(403);
    expect((await remove(path, { 'if-match': tag })).status).toBe(412);
    const files = () => world.database.collection('pictures.files').countDocuments();
    expect(await files()).toBe(1);
    expect((await remove(path, { 'if-match': '"4"' })).status).toBe(204);
    expect([(await shown()).status, await files(), (await read(name)).photo_url]).toEqual([404, 0, null]);

    expect((await set(red, { 'if-match': '"5"' })).status).toBe(201);
    expect((await remove(siteAt(name))).status).toBe(204);
    expect((await set(red)).status).toBe(404);
    expect(await files()).toBe(0);
    expect(await world.database.collection('pictures.chunks').countDocuments()).toBe(0);
  });

  it('lose no probe where one comes while its site is deleted', async () => {
    for (let round = 0; round < 10; round += 1) {
      const name = await made();
      const probe = await world.probe(owner);
      const [placing, deleting] = await Promise.all([
        put(`${siteAt(name)}/instruments/${probe.id}`, {}),
        remove(siteAt(name)),
      ]);
      const { site } = (await owner.api.get<{ site: string | null }>(`/api/v1/probes/${probe.id}`)).body;
      expect([
        [201, 409, name],
        [404, 204, null],
      ]).toContainEqual([placing.status, deleting.status, site]);
    }
  });
});
