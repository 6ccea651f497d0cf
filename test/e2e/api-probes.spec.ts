import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Account, ApiWorld, type Page, type Registered } from '../support/api-world.js';
import { CLOCK } from '../support/native-probe.js';
import { until } from '../support/until.js';

interface Probe extends Registered {
  number: number;
  owner_id: string;
  name?: string;
  tags: string[];
  location: { longitude: number; latitude: number };
  connected: boolean;
  availability: number | null;
  connection: {
    protocol: string;
    version: string | null;
    total_credits: number;
    in_use_credits: number;
  } | null;
  status?: { running: number; clock: object };
  last_seen: string | null;
  revision: number;
  created_at: string;
  updated_at: string;
}

const PROBES = '/api/v1/probes';
const HERE = { location: { longitude: -58.38, latitude: -34.6 } };

describe('probes', () => {
  let world: ApiWorld;
  let user: Account;
  beforeAll(async () => {
    world = await ApiWorld.start();
    user = await world.account();
  });
  afterAll(() => world.stop());

  const read = async (id: string) => (await user.api.get<Probe>(`${PROBES}/${id}`)).body;

  it('registers one, which is then found where Location says', async () => {
    const more = { name: 'ixp-north-1', tags: ['fibre', 'as:64500', 'fibre'] };
    const { status, headers, body } = await user.api.post<Probe>(PROBES, { ...HERE, ...more });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      owner_id: user.id,
      connected: false,
      revision: 1,
      tags: ['fibre', 'as:64500'],
    });
    const found = await user.api.get<Probe>(headers.get('location') ?? '');
    const { token, ...shown } = body;
    expect(token).toMatch(/^eyJ/);
    expect(found.body).toEqual(shown);
    expect(found.headers.get('etag')).toBe('"1"');
  });

  it('has a number, which a superuser may choose', async () => {
    const { body } = await user.api.post<Probe>(PROBES, HERE);
    expect(body.number).toBeGreaterThan(0);
    const chosen = await world.superuser.post<Probe>(PROBES, { ...HERE, number: 9_999_999 });
    expect([chosen.status, chosen.body.number]).toEqual([201, 9_999_999]);
    const again = await world.superuser.post(PROBES, { ...HERE, number: 9_999_999 });
    expect([again.status, again.body.code]).toEqual([409, 'conflict']);
    expect((await user.api.post(PROBES, { ...HERE, number: 7_000 })).status).toBe(403);
    for (const number of [0, 10_000_000, 1.5, '7', null])
      expect([number, (await world.superuser.post(PROBES, { ...HERE, number })).status]).toEqual([
        number,
        400,
      ]);
    const { id } = (await world.superuser.get<Probe>('/api/v1/users/me')).body;
    await world.superuser.post(`/api/v1/users/${id}/credits`, { credits: 10 });
    const operation = (number: unknown) => ({
      ...{ kind: 'dns', params: { fqdns: ['example.org'] }, schedule: { type: 'once' } },
      ...{ probes: [body.id], number },
    });
    const create = (number: unknown) => world.superuser.post<Probe>('/api/v1/operations', operation(number));
    const made = await create(1001);
    expect([made.status, made.body.number]).toEqual([201, 1001]);
    expect((await create(1001)).status).toBe(409);
    expect((await create(undefined)).body.number).toBeGreaterThan(1_000_000);
    for (const number of [0, 2_000_000_001, '7', null])
      expect([number, (await create(number)).status]).toEqual([number, 400]);
    expect((await user.api.post('/api/v1/operations', operation(7))).status).toBe(403);
    const listed = await world.superuser.pages<Probe>('/api/v1/operations?mine=true');
    expect(listed.flat().some(({ number }) => number === 1001)).toBe(true);
  });

  it.each([
    ['no location', {}],
    ['a place that is none', { location: { longitude: 180.1, latitude: 0 } }],
    ['an empty list of locations', { location: [] }],
    ['a list of one location', { location: [HERE.location] }],
    ['a location of texts', { location: { longitude: '1', latitude: '2' } }],
    ['a location too many', { location: { longitude: 1, latitude: 2, altitude: 3 } }],
    ['a tag that is none', { ...HERE, tags: ['Fibre!'] }],
    ['tags that are null', { ...HERE, tags: null }],
    ['an empty name', { ...HERE, name: '' }],
    ['a tag of the server', { ...HERE, tags: ['system-ipv4-works'] }],
    ['a country that is none', { ...HERE, country_code: 'ZZ' }],
    ['an AS that is none', { ...HERE, asn_v4: 4_294_967_295 }],
    ['a network of another family', { ...HERE, prefix_v4: '2001:db8::/32' }],
    ['a network with bits beyond its length', { ...HERE, prefix_v4: '192.0.2.1/24' }],
    ['a continent, which follows from the country', { ...HERE, place: { continent: 'EU' } }],
    ['a place of two ASNs', { ...HERE, asn_v4: 1, place: { asn: 2 } }],
  ])('refuses %s', async (_what, body) => {
    expect((await user.api.post(PROBES, body)).status).toBe(400);
  });

  it('makes one probe for one Idempotency-Key, also when two ask at once', async () => {
    const key = { 'idempotency-key': 'the-same' };
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => user.api.post<Probe>(PROBES, HERE, key)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(201));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    const other = await user.api.post(PROBES, { location: { longitude: 0, latitude: 0 } }, key);
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
    const stranger = await (await world.account()).api.post<Probe>(PROBES, HERE, key);
    expect(stranger.body.id).not.toBe(answers[0]?.body.id);
    expect((await user.api.post(PROBES, HERE, { 'idempotency-key': 'a b' })).status).toBe(400);
  });

  it('changes one only for who has read it', async () => {
    const { id } = await world.probe(user);
    const path = `${PROBES}/${id}`;
    expect((await user.api.patch(path, { name: 'x' })).body.code).toBe('precondition_required');
    const [one, two] = await Promise.all([
      user.api.patch<Probe>(path, { name: 'one' }, { 'if-match': '"1"' }),
      user.api.patch<Probe>(path, { name: 'two' }, { 'if-match': 'W/"1"' }),
    ]);
    expect([one.status, two.status].sort()).toEqual([200, 412]);
    const winner = one.status === 200 ? one : two;
    expect(winner.headers.get('etag')).toBe('"2"');
    expect(await read(id)).toEqual(winner.body);
    for (const wrong of ['"1"', '2', '"x"', '', '"1", "3"']) {
      const refused = await user.api.patch(path, { name: 'x' }, { 'if-match': wrong });
      expect([wrong, refused.status, refused.headers.get('etag')]).toEqual([wrong, 412, '"2"']);
    }
    expect((await user.api.patch(path, { name: null }, { 'if-match': '"2"' })).status).toBe(400);
    expect((await (await world.account()).api.patch(path, {}, { 'if-match': '"2"' })).status).toBe(403);
    const moved = await user.api.patch<Probe>(path, { ...HERE, tags: [] }, { 'if-match': '"1", "2"' });
    expect(moved.body).toMatchObject({ ...HERE, tags: [], revision: 3, name: winner.body.name });
    // RFC 9110, section 13.1.1: whatever it is, if it is there
    const any = await user.api.patch<Probe>(path, { name: 'any' }, { 'if-match': '*' });
    expect(any.body).toMatchObject({ name: 'any', revision: 4 });
    expect(Date.parse(any.body.updated_at)).toBeGreaterThan(Date.parse(any.body.created_at));
    const renew = (ifMatch: string) =>
      user.api.send('POST', `${path}/token`, { headers: { 'if-match': ifMatch } });
    const renewals = await Promise.all([renew('"4"'), renew('"4"')]);
    expect(renewals.map(({ status }) => status).sort()).toEqual([200, 412]);
  });

  it('has a country of its location until one is stated, and an anchor that superusers state', async () => {
    const { id } = await world.probe(user, HERE);
    const path = `${PROBES}/${id}`;
    const any = { 'if-match': '*' };
    const change = async (by: typeof user.api, changes: object) =>
      (await by.patch<Record<string, unknown>>(path, changes, any)).body;
    expect(await read(id)).toMatchObject({ country_code: 'AR', stated: [], anchor: false });
    expect(await change(user.api, { place: { country: 'UY', asn: 64_500 } })).toMatchObject({
      ...{ country_code: 'UY', asn_v4: 64_500, stated: ['country_code', 'asn_v4'] },
    });
    expect(await change(user.api, { country_code: null, name: 'x' })).toMatchObject({
      ...{
        country: 'AR',
        stated: ['asn_v4'],
        place: { country: 'AR', region: 'South America', asn: 64_500 },
      },
    });
    expect((await user.api.patch(path, { anchor: true }, any)).status).toBe(403);
    expect(await change(world.superuser, { anchor: true })).toMatchObject({
      anchor: true,
      owner_id: user.id,
    });
    expect(await change(world.superuser, { anchor: false })).toMatchObject({ anchor: false, name: 'x' });
  });

  it('lists page by page, one owner or one tag', async () => {
    const owner = await world.account();
    const made: string[] = [];
    for (let n = 0; n < 5; n += 1)
      made.push((await world.probe(owner, n % 2 === 0 ? { tags: ['even'] } : {})).id);
    const ids = (pages: Probe[][]) => pages.flat().map(({ id }) => id);
    const pages = await owner.api.pages<Probe>(`${PROBES}?mine=true&limit=2`);
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
    expect(ids(pages)).toEqual(made);
    expect(ids(await user.api.pages<Probe>(`${PROBES}?tag=even&limit=1`))).toEqual([
      made[0],
      made[2],
      made[4],
    ]);
    expect(ids(await user.api.pages<Probe>(`${PROBES}?limit=3`))).toEqual(expect.arrayContaining(made));
    for (const query of ['mine=yes', 'tag=A', 'tag[]=a', 'mine=true&mine=true']) {
      expect([query, (await user.api.get(`${PROBES}?${query}`)).status]).toEqual([query, 400]);
    }
    const { body } = await owner.api.get<Page<Probe>>(`${PROBES}?limit=5&mine=true`);
    expect(body.next).toBeNull();
  });

  it('shows who is connected, and what it says of itself', async () => {
    const registered = await world.probe(user);
    const { headers } = await user.api.get(`${PROBES}/${registered.id}`);
    const probe = await world.connect(registered, { auth: { total_credits: 20, version: '1.2.3' } });
    // a browser asks with the tag that it has, which names the revision: the state is not of it (RFC 9110, section 8.8.1)
    const seen = { 'if-none-match': headers.get('etag') ?? '' };
    expect(await user.api.get(`${PROBES}/${registered.id}`, seen)).toMatchObject({
      status: 200,
      body: { connected: true },
    });
    expect(headers.get('cache-control')).toBe('no-store');
    expect(await read(registered.id)).toMatchObject({
      connected: true,
      availability: 1,
      connection: { protocol: 'native', version: '1.2.3', total_credits: 20, in_use_credits: 0 },
    });
    const status = { backlog: { results: 0, bytes: 0 }, running: 1, in_use_credits: 5, clock: CLOCK };
    expect((await probe.status(status)).server_time).toMatch(/^\d{4}-.*\.\d{3}Z$/);
    expect(await read(registered.id)).toMatchObject({
      availability: 0.75,
      status: { running: 1, clock: CLOCK },
    });
    await probe.status({ ...status, in_use_credits: 100 });
    expect((await read(registered.id)).availability).toBe(0);
    probe.close();
    const gone = await until('the probe is away', async () => {
      const shown = await read(registered.id);
      return !shown.connected && shown;
    });
    expect(gone).toMatchObject({ connection: null, availability: null, last_seen: expect.any(String) });
  });

  it('revokes the tokens of one probe: its connection ends, the old token is worthless, the new one works', async () => {
    const registered = await world.probe(user);
    const bystander = await world.connect(await world.probe(user));
    const connected = await world.connect(registered);
    const path = `${PROBES}/${registered.id}/token`;
    expect((await (await world.account()).api.post(path)).status).toBe(403);
    const { body } = await user.api.post<Registered>(path);
    await until('the connection to end', () => connected.ended);
    await expect(world.connect(registered)).rejects.toThrow('Invalid token');
    await world.connect(body);
    expect(bystander.ended).toBeUndefined();
  });
});
