import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { type Account, ApiWorld, type Operation, pingOn, type Registered } from '../support/api-world.js';
import { type ProbeOptions } from '../support/native-probe.js';
import { FieldedProbe } from '../support/classic-probe.js';
import { until } from '../support/until.js';

const OPERATIONS = '/api/v1/operations';
const PROBES = '/api/v1/probes';
const HOUR_MS = 3_600_000;

interface Chosen extends Operation {
  selection: ({ count: number; seed: string } & Record<string, unknown>) | null;
}
interface Shown extends Registered {
  kinds?: string[];
  connected: boolean;
  reliability: { at: string; week: { uptime: number | null } } | null;
}
interface Problem {
  code: string;
  errors?: { field: string; message: string }[];
  shortage?: {
    asked: number;
    matching: number;
    registered: number;
    conditions: { condition: string; excludes: number; matching_without: number }[];
  };
}

describe('probes that are chosen by a rule', () => {
  let world: ApiWorld;
  let user: Account;
  beforeAll(async () => {
    world = await ApiWorld.start({ RELIABILITY_EVERY_S: '1' });
    user = await world.account(1_000_000);
  });
  afterAll(() => world.stop());

  const bodyOf = (select: unknown, more: object = {}) => ({
    ...pingOn([]),
    probes: undefined,
    select,
    ...more,
  });
  const create = (select: unknown, more: object = {}, headers: Record<string, string> = {}) =>
    user.api.post<Chosen & Problem>(OPERATIONS, bodyOf(select, more), headers);
  const assigned = async ({ id }: Operation) =>
    (await user.api.pages<{ probe_id: string }>(`${OPERATIONS}/${id}/assignments?limit=1000`))
      .flat()
      .map(({ probe_id }) => probe_id);
  const listed = async (query: string) =>
    (await user.api.pages<Shown>(`${PROBES}?limit=2&${query}`)).flat().map(({ id }) => id);

  /** Connected probes with a tag that no other test uses. */
  async function group(
    tag: string,
    count: number,
    more: object = {},
    options: ProbeOptions = {},
  ): Promise<Registered[]> {
    const probes = await Promise.all(
      Array.from({ length: count }, () => world.probe(user, { tags: [tag], ...more })),
    );
    await Promise.all(probes.map((probe) => world.connect(probe, options)));
    return probes;
  }

  it('assigns the operation to as many of those that match, and says by which rule', async () => {
    const probes = await group('some', 5);
    const select = { count: 3, tags: ['some'], connected: true };
    const { status, body } = await create(select);
    expect(status).toBe(201);
    expect(body).toMatchObject({ probe_count: 3, credits: 3, progress: { due: 3 } });
    expect(body.selection).toEqual({ ...select, seed: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect((await user.api.get<Chosen>(`${OPERATIONS}/${body.id}`)).body.selection).toEqual(body.selection);
    const chosen = await assigned(body);
    expect(new Set(chosen).size).toBe(3);
    expect(probes.map(({ id }) => id)).toEqual(expect.arrayContaining(chosen));
    // what is not chosen can be chosen next
    const rest = await create({ count: 2, tags: ['some'], exclude: chosen });
    expect([...(await assigned(rest.body)), ...chosen].sort()).toEqual(probes.map(({ id }) => id).sort());
    // one with named probes has no rule
    expect(await world.operation(user, probes)).toMatchObject({ selection: null });
  });

  it('brings it to those that were chosen, of whichever owner, and to nobody else', async () => {
    const stranger = await world.account();
    const registered = await Promise.all([0, 1, 2].map(() => world.probe(stranger, { tags: ['brought'] })));
    const probes = await Promise.all(registered.map((probe) => world.connect(probe)));
    const { body } = await create({ count: 2, tags: ['brought'] });
    const chosen = await assigned(body);
    const hearing = probes.filter((_probe, n) => chosen.includes(registered[n]!.id));
    await Promise.all(hearing.map((probe) => probe.told(body.id)));
    expect(hearing).toHaveLength(2);
    const others = probes.filter((probe) => !hearing.includes(probe));
    expect(others.flatMap(({ syncs }) => syncs.flatMap(({ operations }) => operations))).toEqual([]);
  });

  it('chooses by country, and shows it', async () => {
    const inUruguay = { location: { longitude: -56.16, latitude: -34.9 } };
    const [there] = await group('country', 1, inUruguay);
    await group('country', 1, { location: { longitude: 0, latitude: 0 } });
    const select = { count: 1, tags: ['country'], countries: ['AR', 'UY'] };
    expect(await assigned((await create(select)).body)).toEqual([there!.id]);
    expect((await create({ ...select, count: 2 })).body.shortage).toMatchObject({ matching: 1 });
    expect((await create({ ...select, countries: ['uy'] })).status).toBe(400);
    expect(await listed('tag=country&country=UY')).toEqual([there!.id]);
    expect(await listed('tag=country&bbox=-60,-40,-50,-30')).toEqual([there!.id]);
    const { body, headers } = await user.api.get<{ country: string }>(`${PROBES}/${there!.id}`);
    expect(body.country).toBe('UY');
    const etag = { 'if-match': headers.get('etag') ?? '' };
    const moved = { location: { longitude: 0, latitude: 0 } };
    const { body: after } = await user.api.patch<{ country: null }>(`${PROBES}/${there!.id}`, moved, etag);
    expect(after.country).toBeNull();
  });

  it('chooses by autonomous system, network, number and system tag, and shows them', async () => {
    const network = {
      asn_v4: 64_500,
      asn_v6: 4_294_967_294,
      prefix_v4: '192.0.2.0/25',
      prefix_v6: '2001:DB8::/40',
    };
    const [there] = await group(
      'network',
      1,
      { ...network, country_code: 'nl', place: { city: 'Delft' } },
      {
        auth: { capabilities: { kinds: ['ping'], ipv4: true, ipv6: false } },
      },
    );
    const [other] = await group(
      'network',
      1,
      { asn_v4: 64_501, place: { network: 'Example' } },
      { auth: { capabilities: { kinds: ['ping'], ipv4: false, ipv6: false } } },
    );
    const { body } = await user.api.get<Record<string, unknown>>(`${PROBES}/${there!.id}`);
    expect(body).toMatchObject({
      ...network,
      ...{ prefix_v6: '2001:db8::/40', country: 'NL', country_code: 'NL', anchor: false },
      ...{ tags: ['network', 'system-ipv4-works'] },
      stated: ['country_code', 'asn_v4', 'asn_v6', 'prefix_v4', 'prefix_v6'],
      place: {
        ...{ continent: 'EU', region: 'Western Europe', country: 'NL', state: null, city: 'Delft' },
        ...{ asn: 64_500, network: '' },
      },
    });
    const conditions = {
      asn: [4_294_967_294, 64_500],
      prefix: ['192.0.2.0/24', '2001:db8::/32'],
      number: [body['number']],
      country: ['NL'],
    };
    for (const [name, values] of Object.entries(conditions)) {
      for (const value of values) {
        const select = { count: 1, tags: ['network'], [name]: value };
        expect([select, await assigned((await create(select)).body)]).toEqual([select, [there!.id]]);
        const query = `tag=network&${name}=${encodeURIComponent(String(value))}`;
        expect([query, await listed(query)]).toEqual([query, [there!.id]]);
      }
    }
    expect((await listed('tag=network&asn=64500&asn=64501')).sort()).toEqual([there!.id, other!.id].sort());
    expect(await listed('tag=network&prefix=192.0.2.0/26')).toEqual([]);
    expect(await listed('tag=network&tag=system-ipv4-works')).toEqual([there!.id]);
    expect(await listed('tag=network&tag=system-ipv6-works')).toEqual([]);
    const select = { count: 1, tags: ['network', 'system-ipv4-works'] };
    expect(await assigned((await create(select)).body)).toEqual([there!.id]);
    for (const wrong of [
      { asn: 0 },
      { asn: 'x' },
      { prefix: '192.0.2.1/24' },
      { number: [] },
      { country: 'nl' },
    ])
      expect([wrong, (await create({ count: 1, ...wrong })).status]).toEqual([wrong, 400]);
    for (const wrong of ['asn=x', 'asn=4294967295', 'prefix=1', 'number=0'])
      expect([wrong, (await user.api.get(`${PROBES}?${wrong}`)).status]).toEqual([wrong, 400]);
  });

  it('chooses the nearest', async () => {
    const at = (longitude: number, latitude: number) => ({ location: { longitude, latitude } });
    const [far] = await group('place', 1, at(20, 50));
    const [near] = await group('place', 1, at(179.9, 50));
    const [nearest] = await group('place', 1, at(-179.99, 50));
    const here = { longitude: 180, latitude: 50 };
    expect(await assigned((await create({ count: 1, tags: ['place'], near: here })).body)).toEqual([
      nearest!.id,
    ]);
    const within = { ...here, within_km: 100 };
    expect(await assigned((await create({ count: 2, tags: ['place'], near: within })).body)).toEqual([
      near!.id,
      nearest!.id,
    ]);
    const { status, body } = await create({ count: 3, tags: ['place'], near: within });
    expect([status, body.code]).toEqual([409, 'too_few_probes']);
    expect(body.shortage).toMatchObject({ asked: 3, matching: 2 });
    expect(body.shortage?.conditions.find(({ condition }) => condition === 'near')).toMatchObject({
      matching_without: 3,
    });
    const query = 'tag=place&longitude=180&latitude=50&within_km';
    expect(await listed(`${query}=100`)).toEqual([near!.id, nearest!.id]);
    expect(await listed(`${query}=20000`)).toEqual([far!.id, near!.id, nearest!.id]);
  });

  it('makes and charges one operation for one Idempotency-Key, also when several ask at once', async () => {
    await group('key', 12);
    const owner = await world.account(1000);
    const key = { 'idempotency-key': 'rule' };
    const ask = (select: object) => owner.api.post<Chosen & Problem>(OPERATIONS, bodyOf(select), key);
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask({ count: 4, tags: ['key'] })));
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(201));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(await world.balance(owner)).toBe(996);
    expect(await assigned(answers[0]!.body)).toHaveLength(4);
    expect((await ask({ count: 5, tags: ['key'] })).body.code).toBe('idempotency_key_reused');
    // who matches now does not matter any more
    await group('key', 3);
    expect((await ask({ count: 4, tags: ['key'] })).body.id).toBe(answers[0]!.body.id);
  });

  it('chooses for each of several operations that are made at once', async () => {
    const probes = (await group('busy', 6)).map(({ id }) => id);
    const answers = await Promise.all(Array.from({ length: 8 }, () => create({ count: 3, tags: ['busy'] })));
    const seeds = new Set<string | undefined>();
    for (const { status, body } of answers) {
      const chosen = await assigned(body);
      expect([status, new Set(chosen).size]).toEqual([201, 3]);
      expect(probes).toEqual(expect.arrayContaining(chosen));
      seeds.add(body.selection?.seed);
    }
    expect(seeds.size).toBe(8);
  });

  it('says how many match and what excludes the others, and changes nothing', async () => {
    const owner = await world.account(5);
    const [one] = await group('few', 2);
    await world.probe(user, { tags: ['few'] });
    const { status, body } = await owner.api.post<Problem>(
      OPERATIONS,
      bodyOf({ count: 3, tags: ['few'], connected: true, exclude: [one!.id] }),
    );
    expect([status, body.code]).toEqual([409, 'too_few_probes']);
    const registered = (await user.api.pages(`${PROBES}?limit=1000`)).flat().length;
    const tagged = await listed('tag=few');
    expect(tagged).toHaveLength(3);
    expect(body.shortage).toMatchObject({ asked: 3, matching: 1, registered });
    const by = new Map(body.shortage?.conditions.map(({ condition, ...how }) => [condition, how]));
    expect([...by.keys()]).toEqual(['kind', 'connected', 'tags', 'exclude']);
    expect(by.get('tags')?.excludes).toBe(registered - 3);
    // the one that never came could not be asked what it can do
    expect(by.get('connected')?.matching_without).toBe(1);
    expect(by.get('exclude')).toEqual({ excludes: 1, matching_without: 2 });
    expect(await world.balance(owner)).toBe(5);
    expect(await owner.api.pages(`${OPERATIONS}?mine=true`)).toEqual([[]]);
  });

  it('takes those that can do the kind, which they say when they come and is known while they are away', async () => {
    const registered = await Promise.all([0, 1].map(() => world.probe(user, { tags: ['able'] })));
    const timely = await world.connect(registered[0]!, {
      auth: { capabilities: { kinds: ['ntp'], ipv4: true, ipv6: true } },
    });
    await world.connect(registered[1]!);
    const ntp = { kind: 'ntp', params: { ips: ['192.0.2.1'] } };
    timely.close();
    await until('it is away', async () => (await listed('tag=able&connected=false')).length === 1);
    expect(await assigned((await create({ count: 1, tags: ['able'] }, ntp)).body)).toEqual([
      registered[0]!.id,
    ]);
    expect((await create({ count: 1, tags: ['able'], connected: true }, ntp)).status).toBe(409);
    expect((await create({ count: 1, tags: ['able'], kinds: ['ping'] }, ntp)).status).toBe(409);
    expect(await listed('tag=able&kind=ntp')).toEqual([registered[0]!.id]);
    expect(await listed('tag=able&kind=ping&kind=dns')).toEqual([registered[1]!.id]);
    expect(await listed('tag=able&kind=ping&kind=ntp')).toEqual([]);
    expect((await user.api.get<Shown>(`${PROBES}/${registered[0]!.id}`)).body).toMatchObject({
      connected: false,
      kinds: ['ntp'],
    });
  });

  it('takes a classic probe only for what it can be told', async () => {
    const registered = await world.probe(user, { tags: ['old'] });
    const classic = new FieldedProbe(world.server.url, registered.token);
    await classic.connected();
    const stop = new Date(Date.now() + 2 * HOUR_MS).toISOString();
    const schedule = { type: 'cron', cron: '* * * * *', stop };
    const select = { count: 1, tags: ['old'] };
    expect((await create(select)).status).toBe(409);
    expect(
      (await create(select, { schedule, kind: 'http', params: { urls: ['http://example.org'] } })).status,
    ).toBe(409);
    // both day fields must match, which busybox's crond cannot do
    const both = {
      type: 'cron',
      cron: '0 0 */2 * 1',
      stop: new Date(Date.now() + 700 * HOUR_MS).toISOString(),
    };
    expect((await create(select, { schedule: both })).status).toBe(409);
    const named = await user.api.post<Problem>(OPERATIONS, pingOn([registered], { schedule: both }));
    expect([named.status, named.body.errors?.map(({ field }) => field)]).toEqual([400, ['schedule.cron']]);
    const { status, body } = await create(select, { schedule });
    expect(status).toBe(201);
    await classic.job(body.id);
    classic.close();
  });

  describe('as reliable as is asked', () => {
    /** As if it had been registered ten days ago, and been there for so many of the last 168 hours. */
    async function aged({ id }: Registered, hours: number): Promise<void> {
      const probe = new mongoose.mongo.ObjectId(id);
      const ago = (time: number) => new Date(Date.now() - time * HOUR_MS);
      await world.database.collection('probes').updateOne({ _id: probe }, { $set: { created_at: ago(240) } });
      await world.database.collection('sessions').insertOne({
        probe,
        server: 'another',
        protocol: 'native',
        from: ago(hours),
        to: ago(0),
        reason: 'ping timeout',
      });
    }

    async function measuredSince(time: number, probes: readonly Registered[]): Promise<void> {
      await until('a measure of each', async () => {
        const found = await Promise.all(
          probes.map(async ({ id }) => (await user.api.get<Shown>(`${PROBES}/${id}`)).body.reliability?.at),
        );
        return found.every((at) => at !== undefined && Date.parse(at) > time);
      });
    }

    it('lists and chooses by the figures that are shown, as they change', async () => {
      // one after the other: a listing is in the order of creation
      const steady = () => world.probe(user, { tags: ['steady'] });
      const [good, bad, absent] = [await steady(), await steady(), await steady()];
      for (const probe of [good, bad]) (await world.connect(probe)).close();
      await aged(good, 160);
      await aged(bad, 20);
      await measuredSince(Date.now(), [good, bad, absent]);
      const query = 'tag=steady&min_uptime=0.9';
      expect(await listed(query)).toEqual([good.id]);
      expect(await listed('tag=steady&min_uptime=0.05')).toEqual([good.id, bad.id]);
      // a day is another question than a week
      expect(await listed('tag=steady&min_uptime=0.5&window=day')).toEqual([good.id, bad.id]);
      // no run was due: no share
      expect(await listed('tag=steady&min_share=0')).toEqual([]);
      const select = { count: 1, tags: ['steady'], min_uptime: 0.9 };
      expect(await assigned((await create(select)).body)).toEqual([good.id]);
      const { body } = await create({ ...select, count: 2 });
      expect(body.shortage?.conditions).toContainEqual({
        condition: 'min_uptime',
        excludes: expect.any(Number),
        matching_without: 2,
      });
      // the bad one turns out to have been there
      await aged(bad, 165);
      await measuredSince(Date.now(), [bad]);
      expect(await listed(query)).toEqual([good.id, bad.id]);
      expect((await create({ ...select, count: 2 })).status).toBe(201);
    });
  });

  const here = { longitude: 1, latitude: 2 };
  it.each<[string, unknown]>([
    ['select', null],
    ['select', 3],
    ['select', [{ count: 1 }]],
    ['select.count', {}],
    ['select.count', { count: 0 }],
    ['select.count', { count: 20_001 }],
    ['select.count', { count: 1.5 }],
    ['select.count', { count: '1' }],
    ['select.count', { count: null }],
    ['select.connected', { count: 1, connected: 'true' }],
    ['select.tags', { count: 1, tags: 'fibre' }],
    ['select.tags', { count: 1, tags: ['Fibre!'] }],
    ['select.tags', { count: 1, tags: [{ $ne: 1 }] }],
    ['select.tags', { count: 1, tags: Array(33).fill('a') }],
    ['select.near', { count: 1, near: null }],
    ['select.near', { count: 1, near: [here] }],
    ['select.near.longitude', { count: 1, near: { latitude: 2 } }],
    ['select.near.latitude', { count: 1, near: { ...here, latitude: 90.1 } }],
    ['select.near.within_km', { count: 1, near: { ...here, within_km: 0 } }],
    ['select.near.within_km', { count: 1, near: { ...here, within_km: 20_001 } }],
    ['select.near.altitude', { count: 1, near: { ...here, altitude: 1 } }],
    ['select.kinds', { count: 1, kinds: ['constructor'] }],
    ['select.min_uptime', { count: 1, min_uptime: 1.1 }],
    ['select.min_uptime', { count: 1, min_uptime: '0.9' }],
    ['select.min_uptime', { count: 1, min_uptime: { $gt: 0 } }],
    ['select.min_share', { count: 1, min_share: -0.1 }],
    ['select.min_share', { count: 1, min_share: null }],
    ['select.window', { count: 1, window: 'year' }],
    ['select.window', { count: 1, window: '__proto__' }],
    ['select.exclude', { count: 1, exclude: ['x'] }],
    ['select.exclude', { count: 1, exclude: Array(1_001).fill('6720a1b2c3d4e5f6000000b2') }],
    ['select.seed', { count: 1, seed: 'mine' }],
  ])('names %s (case %#)', async (field, select) => {
    const { status, body } = await create(select);
    expect([status, body.errors?.map((each) => each.field)]).toEqual([400, [field]]);
    expect(body.errors?.[0]?.message).toMatch(/^(must|is not known)/);
  });

  it('takes exactly one of probes and select', async () => {
    const [probe] = await group('either', 1);
    const both = await create({ count: 1 }, { probes: [probe!.id] });
    expect([both.status, both.body.errors?.map(({ field }) => field)]).toEqual([400, ['select']]);
    const neither = await create(undefined);
    expect([neither.status, neither.body.errors?.map(({ field }) => field)]).toEqual([400, ['probes']]);
    expect(neither.body.errors?.[0]?.message).toContain('select');
    const several = await create({ count: 0, window: 'x' }, { visibility: 'secret' });
    expect(several.body.errors?.map(({ field }) => field).sort()).toEqual([
      'select.count',
      'select.window',
      'visibility',
    ]);
  });

  it.each([
    ['min_uptime', 'min_uptime=2'],
    ['min_uptime', 'min_uptime=0x1'],
    ['min_uptime', 'min_uptime='],
    ['min_share', 'min_share=-1'],
    ['min_share', 'min_share=1&min_share=1'],
    ['window', 'window=hour'],
    ['connected', 'connected=1'],
    ['kind', 'kind=finger'],
    ['tag', 'tag=a&tag=B'],
    ['latitude', 'longitude=1&within_km=1'],
    ['within_km', 'longitude=1&latitude=1'],
    ['longitude', 'longitude=181&latitude=1&within_km=1'],
    ['within_km', 'longitude=1&latitude=1&within_km=0'],
  ])('names %s in the query %s', async (field, query) => {
    const { status, body } = await user.api.get<Problem>(`${PROBES}?${query}`);
    expect([status, body.errors?.map((each) => each.field)]).toEqual([400, [field]]);
  });
});
