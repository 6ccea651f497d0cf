import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Account, ApiWorld, firstRunOf, type Operation, pingOn } from '../support/api-world.js';
import { dnsResult, pingResult } from '../support/native-probe.js';
import { until } from '../support/until.js';

const OPERATIONS = '/api/v1/operations';
const NOW = Date.now();
const SOON = new Date(NOW + 3_600_000).toISOString();
const LATER = new Date(NOW + 7_200_000).toISOString();

interface Assignment {
  probe_id: string;
  probe_name: string | null;
  state: string;
  reason?: string;
  due: number;
  received: number;
}

describe('operations', () => {
  let world: ApiWorld;
  let user: Account;
  let probe: { id: string; token: string };
  beforeAll(async () => {
    world = await ApiWorld.start();
    user = await world.account(100_000);
    probe = await world.probe(user);
  });
  afterAll(() => world.stop());

  const read = async (id: string) => (await user.api.get<Operation>(`${OPERATIONS}/${id}`)).body;
  const assignments = async (id: string) =>
    (await user.api.pages<Assignment>(`${OPERATIONS}/${id}/assignments?limit=2`)).flat();

  it.each([
    ['ping', { ips: ['192.0.2.1', '2001:db8::1'], probecount: 4 }, { type: 'once' }, 2, 1],
    ['traceroute', { fqdns: ['example.org'] }, { type: 'once', at: SOON }, 15, 1],
    [
      'dns',
      { fqdns: ['a.example', 'b.example'], type: 'aaaa' },
      { type: 'interval', every_s: 600, start: SOON, stop: LATER },
      2,
      6,
    ],
    [
      'ping',
      { ips: ['192.0.2.1'] },
      {
        type: 'cron',
        cron: '0 12 * * *',
        times_per_minute: 2,
        stop: new Date(Date.now() + 86_400_000).toISOString(),
      },
      1,
      2,
    ],
  ])('prices %s %j %j', async (kind, params, schedule, costPerRun, runs) => {
    const before = await world.balance(user);
    const { status, headers, body } = await user.api.post<Operation>(OPERATIONS, {
      kind,
      params,
      schedule,
      probes: [probe.id, probe.id],
    });
    expect(status).toBe(201);
    const credits = costPerRun * runs;
    expect(body).toMatchObject({
      kind,
      params,
      schedule,
      cost_per_run: costPerRun,
      runs_per_probe: runs,
      credits,
    });
    expect(body).toMatchObject({
      owner_id: user.id,
      probe_count: 1,
      visibility: 'public',
      progress: { due: runs },
    });
    expect(body.state).toBe(schedule.type === 'once' && !('at' in schedule) ? 'running' : 'scheduled');
    expect(await world.balance(user)).toBe(before - credits);
    expect((await user.api.get(headers.get('location') ?? '')).body).toEqual(body);
  });

  it('changes nothing where there are not enough credits, or no such probe', async () => {
    const poor = await world.account(1);
    const params = { ips: ['192.0.2.1', '192.0.2.2'] };
    const refused = await poor.api.post(OPERATIONS, pingOn([probe], { params }));
    expect([refused.status, refused.body.code]).toEqual([400, 'not_enough_credits']);
    for (const id of ['6720a1b2c3d4e5f6000000b2', 'none']) {
      expect((await poor.api.post(OPERATIONS, pingOn([probe, { id }]))).status).toBe(404);
    }
    expect(await world.balance(poor)).toBe(1);
    expect(await poor.api.pages(`${OPERATIONS}?mine=true`)).toEqual([[]]);
  });

  it('never overdraws: 200 at once with credits for 50 are 50', async () => {
    const owner = await world.account(50);
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => owner.api.post<Operation>(OPERATIONS, pingOn([probe]))),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(50);
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(150);
    expect(await world.balance(owner)).toBe(0);
    const entries = await owner.api.pages<{ amount: number }>('/api/v1/users/me/ledger?limit=30');
    expect(entries.flat().map(({ amount }) => amount)).toEqual([...Array<number>(50).fill(-1), 50]);
    expect((await owner.api.pages(`${OPERATIONS}?mine=true&limit=20`)).map((page) => page.length)).toEqual([
      20, 20, 10,
    ]);
  });

  it('makes and charges one operation for one Idempotency-Key, also when several ask at once', async () => {
    const owner = await world.account(10);
    const key = { 'idempotency-key': 'k' };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => owner.api.post<Operation>(OPERATIONS, pingOn([probe]), key)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(await world.balance(owner)).toBe(9);
    const other = await owner.api.post(OPERATIONS, pingOn([probe], { visibility: 'private' }), key);
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
  });

  it('hides a private one from everybody else, everywhere', async () => {
    const stranger = await world.account();
    const { id } = await world.operation(user, [probe], { visibility: 'private' });
    for (const path of ['', '/assignments', '/results', '/events']) {
      expect([path, (await stranger.api.get(`${OPERATIONS}/${id}${path}`)).status]).toEqual([path, 404]);
    }
    expect((await stranger.api.post(`${OPERATIONS}/${id}/stop`)).status).toBe(404);
    expect((await world.api.get(`/operation?id=${id}`)).status).toBe(404);
    const seen = async (account: Account, query: string) =>
      (await account.api.pages<Operation>(`${OPERATIONS}?limit=1000&${query}`))
        .flat()
        .some((each) => each.id === id);
    expect(await seen(stranger, '')).toBe(false);
    expect(await seen(stranger, 'kind=ping')).toBe(false);
    expect(await seen(user, '')).toBe(true);
    expect(await seen(user, 'mine=true&kind=ping')).toBe(true);
    expect(await seen(user, 'kind=dns')).toBe(false);
    expect((await read(id)).visibility).toBe('private');
  });

  it('is kept for as long as its owner states, and the platform otherwise', async () => {
    const stated = { results_s: 86_400, raw_s: 3600 };
    const { id } = await world.operation(user, [probe], { retention: stated });
    const path = `${OPERATIONS}/${id}/retention`;
    expect((await user.api.get<object>(`${OPERATIONS}/${id}`)).body).toMatchObject({
      ...{ retention: stated, results_kept_from: null, raw_kept_from: null },
    });
    const first = await user.api.get<object>(path);
    expect(first.body).toEqual({ ...stated, rollups_s: null, stated: ['raw_s', 'results_s'] });
    const put = (json: unknown, ifMatch: string | undefined, api = user.api) =>
      api.send<object>('PUT', path, { json, headers: { ...(ifMatch && { 'if-match': ifMatch }) } });
    const etag = first.headers.get('etag')!;
    expect((await put({}, undefined)).status).toBe(428);
    expect((await put({}, etag, (await world.account()).api)).status).toBe(403);
    for (const wrong of [
      { raw_s: 59 },
      { results_s: 1.5 },
      { rollups_s: '60' },
      { days: 1 },
      { raw_s: 1e10 },
    ])
      expect([wrong, (await put(wrong, etag)).status]).toEqual([wrong, 400]);
    const both = await Promise.all([put({ results_s: null }, etag), put({ rollups_s: 60 }, etag)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
    const changed = await user.api.get<object>(path);
    expect(changed.headers.get('etag')).not.toBe(etag);
    const none = await put({}, changed.headers.get('etag')!, world.superuser);
    expect(none.body).toEqual({ raw_s: null, results_s: null, rollups_s: null, stated: [] });
    expect((await read(id)) as object).toMatchObject({ retention: null });
    const wrong = { ...pingOn([probe]), retention: { results_s: 0 } };
    expect((await user.api.post(OPERATIONS, wrong)).text).toContain('retention.results_s');
  });

  it('is stopped only as it was read, where its reader says so', async () => {
    const { id } = await world.operation(user, [probe]);
    const path = `${OPERATIONS}/${id}`;
    const before = await user.api.get<Operation>(path);
    expect(before.headers.get('etag')).toBe('"1"');
    expect(before.body).toMatchObject({ revision: 1, updated_at: before.body.created_at });
    const stop = (ifMatch: string) =>
      user.api.send<Operation>('POST', `${path}/stop`, { headers: { 'if-match': ifMatch } });
    expect((await stop('"2"')).headers.get('etag')).toBe('"1"');
    const both = await Promise.all([stop('"1"'), stop('"1"')]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 412]);
    const after = await user.api.get<Operation>(path);
    expect(after.headers.get('etag')).toBe('"2"');
    expect(after.body.updated_at).toBe(after.body.stopped_at);
    const again = await user.api.send('DELETE', path, { headers: { 'if-match': '"1"' } });
    expect([again.status, again.headers.get('etag')]).toEqual([412, '"2"']);
    expect((await user.api.send('DELETE', path)).status).toBe(200);
  });

  it('lists newest first', async () => {
    const made = [await world.operation(user, [probe]), await world.operation(user, [probe])].map(
      ({ id }) => id,
    );
    const { body } = await user.api.get<{ items: Operation[] }>(`${OPERATIONS}?mine=true&limit=2`);
    expect(body.items.map(({ id }) => id)).toEqual(made.reverse());
  });

  it('lists those that a probe is in, and says how their probes are called', async () => {
    const named = await world.probe(user, { name: 'north <i>1</i>' });
    const other = await world.probe(user, { name: 'south' });
    const both = await world.operation(user, [named, other]);
    const one = await world.operation(user, [other]);
    const listed = async (query: string) =>
      (await user.api.pages<Operation>(`${OPERATIONS}?${query}`)).flat().map(({ id }) => id);
    expect(await listed(`probe=${named.id}`)).toEqual([both.id]);
    expect(await listed(`probe=${other.id}&limit=1`)).toEqual([one.id, both.id]);
    expect(await listed(`probe=${other.id}&kind=dns`)).toEqual([]);
    expect(await listed('probe=6720a1b2c3d4e5f601234567')).toEqual([]);
    expect(await user.api.get(`${OPERATIONS}?probe=x`)).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'probe' }] },
    });
    const stranger = await world.account();
    const hidden = await world.operation(user, [named], { visibility: 'private' });
    const seenBy = await stranger.api.get<{ items: Operation[] }>(`${OPERATIONS}?probe=${named.id}`);
    expect(seenBy.body.items.map(({ id }) => id)).toEqual([both.id]);
    expect(await listed(`probe=${named.id}`)).toEqual([hidden.id, both.id]);
    const names = (await assignments(both.id)).map(({ probe_id, probe_name }) => [probe_id, probe_name]);
    expect(Object.fromEntries(names)).toEqual({ [named.id]: 'north <i>1</i>', [other.id]: 'south' });
    expect((await assignments((await world.operation(user, [probe])).id))[0]?.probe_name).toBeNull();
  });

  it('lists those of a state, and those that a text names', async () => {
    const owner = await world.account(100_000);
    const own = await world.probe(owner);
    const made = (more: object) => world.operation(owner, [own], more);
    const yearly = { type: 'cron', cron: '0 0 1 1 *', stop: new Date(NOW + 400 * 86_400_000).toISOString() };
    await made({});
    await made({ schedule: { type: 'once', at: SOON } });
    await made({ schedule: yearly, params: { fqdns: ['Cron.example'] } });
    const stopped = await made({ description: 'The (old) Link', tags: ['lab'] });
    await owner.api.post(`${OPERATIONS}/${stopped.id}/stop`);
    const here = await world.connect(await world.probe(owner));
    const all = (await owner.api.get<{ items: { id: string }[] }>('/api/v1/probes?mine=true&connected=true'))
      .body;
    const done = await world.operation(owner, all.items);
    await here.told(done.id);
    await here.results([pingResult(done.id, firstRunOf(done))]);
    const listed = async (query: string) =>
      (await owner.api.pages<Operation>(`${OPERATIONS}?mine=true&limit=2&${query}`)).flat();
    const everything = await listed('');
    expect(everything.map(({ state }) => state)).toEqual([
      'done',
      'stopped',
      'scheduled',
      'scheduled',
      'running',
    ]);
    for (const state of ['scheduled', 'running', 'stopped', 'done'])
      expect([state, await listed(`state=${state}`)]).toEqual([
        state,
        everything.filter((each) => each.state === state),
      ]);
    for (const [q, count] of [
      ...([
        ['cron.EX', 1],
        ['192.0.2.1', 4],
        ['(OLD) link', 1],
        ['lab', 1],
        ['la', 0],
        [stopped.id, 1],
      ] as const),
      ...([
        [String((stopped as unknown as { number: number }).number), 1],
        ['.*', 0],
      ] as const),
    ])
      expect([q, (await listed(`q=${encodeURIComponent(q)}`)).length]).toEqual([q, count]);
    expect(await listed('state=stopped&q=cron')).toEqual([]);
    const wrong = await owner.api.get<object>(`${OPERATIONS}?state=begun&q=`);
    expect([wrong.status, wrong.body]).toMatchObject([400, { errors: [{ field: 'state' }, { field: 'q' }] }]);
  });

  it('shows how far each probe is', async () => {
    const probes = await Promise.all(Array.from({ length: 5 }, () => world.probe(user)));
    const here = await world.connect(probes[0]!);
    const unwilling = await world.connect(probes[1]!, {
      answerSync: ({ operations }) => ({
        refused: operations.map(({ operation_id }) => ({ operation_id, reason: 'policy: 192.0.2.0/24' })),
      }),
    });
    const { id } = await world.operation(user, probes);
    await Promise.all([here.told(id), unwilling.told(id)]);
    const states = await until('both answers are noted', async () => {
      const { progress } = await read(id);
      return progress.assignments['pending'] === 3 && progress.assignments;
    });
    expect(states).toEqual({ pending: 3, delivered: 1, refused: 1 });
    const all = await assignments(id);
    expect(all.map(({ probe_id }) => probe_id)).toEqual(probes.map((each) => each.id).sort());
    expect(all.find(({ state }) => state === 'refused')).toMatchObject({ reason: 'policy: 192.0.2.0/24' });
  });

  it('stops one and pays back what was not due, once', async () => {
    const owner = await world.account(1000);
    const registered = [await world.probe(owner), await world.probe(owner)];
    const connected = await world.connect(registered[0]!);
    const schedule = { type: 'interval', every_s: 60, stop: new Date(Date.now() + 599_000).toISOString() };
    const operation = await world.operation(owner, registered, { schedule });
    expect(operation.credits).toBe(20);
    await connected.told(operation.id);
    await until(
      'the delivery is noted',
      async () => (await read(operation.id)).progress.assignments['delivered'] === 1,
    );
    const path = `${OPERATIONS}/${operation.id}/stop`;
    expect((await user.api.post(path)).status).toBe(403);
    const answers = await Promise.all([owner.api.post<Operation>(path), owner.api.post<Operation>(path)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    // the one that was away did nothing; the other had its first run due
    const stopped = answers.find(({ status }) => status === 200)?.body;
    expect(stopped).toMatchObject({ state: 'stopped', refunded: 19 });
    expect(await world.balance(owner)).toBe(999);
    await until('the probe is told', () =>
      connected.stops.some(({ operation_id }) => operation_id === operation.id),
    );
    expect((await owner.api.post(path)).body.code).toBe('conflict');
    const late = await world.connect(registered[1]!);
    expect((await late.firstSync()).operations).toEqual([]);
  });

  it('stops one by DELETE, which may be repeated, and keeps it', async () => {
    const owner = await world.account(100);
    const registered = await world.probe(owner);
    const connected = await world.connect(registered);
    const { id } = await world.operation(owner, [registered], {
      schedule: { type: 'interval', every_s: 60, stop: new Date(Date.now() + 599_000).toISOString() },
    });
    await connected.told(id);
    const path = `${OPERATIONS}/${id}`;
    expect((await user.api.send('DELETE', path)).status).toBe(403);
    const first = await owner.api.send<Operation>('DELETE', path);
    expect([first.status, first.body.state]).toEqual([200, 'stopped']);
    const balance = await world.balance(owner);
    const again = await owner.api.send<Operation>('DELETE', path);
    expect([again.status, again.body.stopped_at]).toEqual([200, first.body.stopped_at]);
    expect(await world.balance(owner)).toBe(balance);
    await until('the probe is told', () => connected.stops.some(({ operation_id }) => operation_id === id));
    expect((await read(id)).state).toBe('stopped');
    expect((await owner.api.send('DELETE', `${OPERATIONS}/6720a1b2c3d4e5f6000000c3`)).status).toBe(404);
  });

  it('lets a superuser stop what is somebody else’s, and nobody stop what is done', async () => {
    const registered = await world.probe(user);
    const connected = await world.connect(registered);
    const first = await world.operation(user, [probe]);
    expect((await world.superuser.post(`${OPERATIONS}/${first.id}/stop`)).status).toBe(200);
    const second = await world.operation(user, [registered], {
      kind: 'dns',
      params: { fqdns: ['example.org'] },
    });
    await connected.told(second.id);
    await connected.results([dnsResult(second.id, firstRunOf(second))]);
    expect(await read(second.id)).toMatchObject({
      state: 'done',
      progress: { due: 1, received: 1, failed: 0 },
    });
    expect((await user.api.post(`${OPERATIONS}/${second.id}/stop`)).status).toBe(409);
    for (const id of ['x', '6720a1b2c3d4e5f6000000c3']) {
      expect((await user.api.post(`${OPERATIONS}/${id}/stop`)).status).toBe(404);
    }
  });
});
