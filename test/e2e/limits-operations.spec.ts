import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type Account,
  ApiWorld,
  firstRunOf,
  type Operation,
  pingOn,
  type Registered,
} from '../support/api-world.js';
import { type Problem } from '../support/api-client.js';
import { creation, daily } from '../support/classic-factories.js';
import { HttpClient } from '../support/client.js';
import { metricOf } from '../support/metrics.js';
import { dnsResult } from '../support/native-probe.js';
import { until } from '../support/until.js';

interface Limit {
  bound: string;
  limit: number | null;
  used: number;
  free_at: string | null;
}
interface Target {
  target: string;
  operations: number;
  limits: Limit[];
  strongest: { operation_id: string; probes: number; packets_per_s: number; until: string }[];
}
type Reached = Problem & Limit & { asked: number; target?: string };

const hits = (bound: string) => `pladmed_limit_hits_total{bound="${bound}"}`;
let targets = 0;
/** One that no other test strikes. */
const newTarget = () => `198.51.100.${(targets += 1)}`;
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

describe('what a user may ask for', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await ApiWorld.startProcess({
      USER_MAX_OPERATIONS_PER_DAY: '5',
      USER_MAX_RUNNING_OPERATIONS: '3',
      USER_MAX_RESULTS_PER_DAY: '1000',
      ALLOW_DELETE_ALL: '1',
    });
  });
  afterAll(() => world.stop());

  const limitsOf = async ({ api }: Account) =>
    (await api.get<{ limits: Limit[] }>('/api/v1/users/me/limits')).body.limits;
  const usedBy = async (user: Account) => (await limitsOf(user)).map(({ used }) => used);

  async function person(): Promise<{ user: Account; probe: Registered }> {
    const user = await world.account(100_000);
    return { user, probe: await world.probe(user) };
  }

  it('is bounded in what runs: 429 says the limit, the use, and when there is room; a stop frees it at once', async () => {
    const { user, probe } = await person();
    expect(await limitsOf(user)).toEqual(
      [
        ['user_operations', 5],
        ['user_running', 3],
        ['user_results', 1000],
      ].map(([bound, limit]) => ({ bound, limit, used: 0, free_at: null })),
    );
    const stops = [3, 1, 2].map(inHours);
    const made: Operation[] = [];
    for (const stop of stops)
      made.push(
        await world.operation(user, [probe], { schedule: { type: 'interval', every_s: 3600, stop } }),
      );
    const before = await world.balance(user);
    const hitsBefore = await metricOf(world.server.url, hits('user_running'));
    const refused = await user.api.post<Reached>('/api/v1/operations', pingOn([probe]));
    expect([refused.status, refused.body.code]).toEqual([429, 'limit_reached']);
    expect(refused.body).toMatchObject({ bound: 'user_running', limit: 3, used: 3, asked: 1 });
    expect(refused.body.detail).toMatch(
      /^You may have 3 operations running at a time; there is room again at /,
    );
    // one run, at once: a minute later that operation is over
    const first = Date.parse(made[1]?.created_at ?? '') + 60_000;
    expect(Math.abs(Date.parse(refused.body.free_at ?? '') - first)).toBeLessThan(5_000);
    const left = (Date.parse(refused.body.free_at ?? '') - Date.now()) / 1_000;
    expect(Math.abs(Number(refused.headers.get('retry-after')) - left)).toBeLessThan(5);
    expect(await world.balance(user)).toBe(before);
    expect(await metricOf(world.server.url, hits('user_running'))).toBe(hitsBefore + 1);
    const [, running] = await limitsOf(user);
    expect(running).toEqual({ bound: 'user_running', limit: 3, used: 3, free_at: refused.body.free_at });

    await user.api.post(`/api/v1/operations/${made[0]?.id ?? ''}/stop`);
    await world.operation(user, [probe]);
    expect((await usedBy(user)).slice(0, 2)).toEqual([4, 3]);
  });

  it('is bounded in what is created in a day, whatever became of it, and survives a restart', async () => {
    const { user, probe } = await person();
    for (let n = 0; n < 5; n += 1) {
      const { id } = await world.operation(user, [probe]);
      await user.api.send('DELETE', `/api/v1/operations/${id}`);
    }
    await world.server.kill();
    await world.restart();
    const { status, body } = await user.api.post<Reached>('/api/v1/operations', pingOn([probe]));
    expect(status).toBe(429);
    expect(body).toMatchObject({ bound: 'user_operations', limit: 5, used: 5 });
    const dayLater = Date.now() + 24 * 3_600_000;
    expect(Math.abs(Date.parse(body.free_at ?? '') - dayLater)).toBeLessThan(120_000);
    expect(await usedBy(user)).toEqual([5, 0, 0]);
    // another user is not touched
    const other = await person();
    await world.operation(other.user, [other.probe]);
  });

  it('gives a request that is repeated with its key the operation of the first one, also at the bound', async () => {
    const { user, probe } = await person();
    for (let n = 0; n < 2; n += 1) await world.operation(user, [probe]);
    const key = { 'idempotency-key': 'the-last-one' };
    const answers = await Promise.all(
      [1, 2, 3].map(() => user.api.post<Operation>('/api/v1/operations', pingOn([probe]), key)),
    );
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect((await user.api.post('/api/v1/operations', pingOn([probe]))).status).toBe(429);
  });

  it('counts a single run until all its probes have answered', async () => {
    const { user, probe } = await person();
    const other = await world.probe(user);
    const native = await world.connect(probe);
    const second = await world.connect(other);
    const kind = { kind: 'dns', params: { fqdns: ['example.org'] } };
    const operation = await world.operation(user, [probe, other], kind);
    const { id } = operation;
    await Promise.all([native.told(id), second.told(id)]);
    const run = firstRunOf(operation);
    await native.results([dnsResult(id, run)]);
    expect(await usedBy(user)).toEqual([1, 1, 2]);
    await second.results([dnsResult(id, run)]);
    await until('it is over', async () => (await usedBy(user))[1] === 0);
    expect(await usedBy(user)).toEqual([1, 0, 2]);
  });

  it('does not count a single run that its probe refuses', async () => {
    const { user, probe } = await person();
    const native = await world.connect(probe, {
      answerSync: ({ operations }) => ({
        refused: operations.map(({ operation_id }) => ({ operation_id, reason: 'policy' })),
      }),
    });
    await native.firstSync();
    await world.operation(user, [probe]);
    await until('it is over', async () => (await usedBy(user))[1] === 0);
    expect((await usedBy(user))[0]).toBe(1);
  });

  it('is bounded in results a day: later for what has no room now, never for what asks for too much', async () => {
    const { user, probe } = await person();
    const schedule = (every_s: number) => ({ type: 'interval', every_s, stop: inHours(48) });
    await world.operation(user, [probe], { schedule: schedule(144) });
    const later = await user.api.post<Reached>(
      '/api/v1/operations',
      pingOn([probe], { schedule: schedule(100) }),
    );
    expect(later.status).toBe(429);
    expect(later.body).toMatchObject({ bound: 'user_results', limit: 1000, used: 600, asked: 864 });
    const never = await user.api.post('/api/v1/operations', pingOn([probe], { schedule: schedule(60) }));
    expect([never.status, never.body.code]).toEqual([400, 'invalid_request']);
    expect(never.body.errors).toMatchObject([
      {
        field: 'schedule',
        message: 'must have fewer runs: this calls for 1440 results in 24 hours, and 1000 are allowed',
      },
    ]);
  });

  it('answers classic callers with the same, the member Error, and CORS', async () => {
    const { user, probe } = await person();
    await world.connect(probe);
    const classic = new HttpClient(world.server.url).as(user.api.token ?? '');
    const body = creation('ping', [probe.id], daily(2));
    for (let n = 0; n < 3; n += 1) expect((await classic.post('/ping', body)).status).toBe(201);
    const refused = await classic.post<Reached>('/ping', body);
    expect(refused.status).toBe(429);
    expect(refused.body).toMatchObject({
      bound: 'user_running',
      limit: 3,
      used: 3,
      Error: refused.body.detail,
    });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('access-control-allow-origin')).toBe('*');
    expect(refused.headers.get('access-control-expose-headers')).toContain('Retry-After');
  });

  it('begins anew in a database that was emptied', async () => {
    const { user, probe } = await person();
    for (let n = 0; n < 3; n += 1) await world.operation(user, [probe]);
    await world.api.send('DELETE', '/delete_all');
    expect(await world.database.collection('meters').countDocuments()).toBe(0);
  });
});

describe('what strikes one target', () => {
  let world: ApiWorld;
  beforeAll(async () => {
    world = await ApiWorld.start({ TARGET_MAX_PROBES: '3', TARGET_MAX_PACKETS_PER_S: '2' });
  });
  afterAll(() => world.stop());

  const struck = async (address: string) =>
    (await world.superuser.get<Target>(`/api/v1/targets?address=${encodeURIComponent(address)}`)).body;

  it('is bounded over all users, in all spellings of it, and shown to a superuser', async () => {
    const [ada, bob] = [await world.account(1_000), await world.account(1_000)];
    const probes = [await world.probe(ada), await world.probe(ada), await world.probe(bob)];
    const first = await world.operation(ada, probes.slice(0, 2), { params: { ips: ['2001:db8::1'] } });
    await world.operation(bob, probes.slice(2), { params: { ips: ['2001:DB8:0:0::0001'] } });
    const refused = await bob.api.post<Reached>(
      '/api/v1/operations',
      pingOn(probes.slice(2), { params: { ips: ['192.0.2.9', '2001:db8::0:1'] } }),
    );
    expect(refused.status).toBe(429);
    expect(refused.body).toMatchObject({
      bound: 'target_probes',
      limit: 3,
      used: 3,
      asked: 1,
      target: '2001:db8::1',
    });
    expect(await struck('2001:0DB8::1')).toEqual({
      target: '2001:db8::1',
      operations: 2,
      limits: [
        { bound: 'target_probes', limit: 3, used: 3, free_at: expect.any(String) },
        { bound: 'target_packets', limit: 2, used: 0.201, free_at: null },
      ],
      strongest: [
        { operation_id: first.id, probes: 2, packets_per_s: 0.134, until: expect.any(String) },
        { operation_id: expect.any(String), probes: 1, packets_per_s: 0.067, until: expect.any(String) },
      ],
    });
    expect(await struck('192.0.2.9')).toMatchObject({ operations: 0, strongest: [] });
    await ada.api.post(`/api/v1/operations/${first.id}/stop`);
    expect(await struck('2001:db8::1')).toMatchObject({ operations: 1 });
  });

  it('is bounded in packets a second, by what a kind sends', async () => {
    const user = await world.account(1_000);
    const probe = await world.probe(user);
    const target = newTarget();
    const dns = (names: number) => ({
      kind: 'dns',
      params: { fqdns: Array.from({ length: names }, (_, n) => `n${n}.example`), resolver: target },
    });
    // eight packets a name
    await world.operation(user, [probe], dns(10));
    const later = await user.api.post<Reached>('/api/v1/operations', pingOn([probe], dns(6)));
    expect(later.body).toMatchObject({ bound: 'target_packets', limit: 2, used: 1.334, asked: 0.8, target });
    const never = await user.api.post('/api/v1/operations', pingOn([probe], dns(16)));
    expect(never.status).toBe(400);
    expect(never.body.errors).toMatchObject([{ field: 'params' }]);
    // what the probe asks by itself is its host's business
    await world.operation(user, [probe], { kind: 'dns', params: { fqdns: ['a.example'] } });
    expect(await struck('a.example')).toMatchObject({ operations: 0 });
  });

  it('is for superusers to see, and has to be an address or a name', async () => {
    const user = await world.account();
    expect((await user.api.get('/api/v1/targets?address=192.0.2.1')).status).toBe(403);
    expect((await world.api.get('/api/v1/targets?address=192.0.2.1')).status).toBe(401);
    for (const wrong of [
      '',
      '?address=',
      '?address=10.1',
      '?address=a&address=b',
      '?address=http://a.example/',
    ]) {
      const { status, body } = await world.superuser.get(`/api/v1/targets${wrong}`);
      expect([wrong, status, body.errors?.[0]?.field]).toEqual([wrong, 400, 'address']);
    }
    expect((await world.superuser.get<Target>('/api/v1/targets?address=EXAMPLE.org.')).body.target).toBe(
      'example.org',
    );
  });
});

describe('a platform without bounds', () => {
  it('lets everything through, and still says what is used', async () => {
    const world = await ApiWorld.start({
      USER_MAX_OPERATIONS_PER_DAY: '0',
      USER_MAX_RUNNING_OPERATIONS: '0',
      USER_MAX_RESULTS_PER_DAY: '0',
      TARGET_MAX_PROBES: '0',
      TARGET_MAX_PACKETS_PER_S: '0',
    });
    try {
      const user = await world.account(1_000);
      const probe = await world.probe(user);
      await world.operation(user, [probe]);
      const { body } = await user.api.get<{ limits: Limit[] }>('/api/v1/users/me/limits');
      expect(body.limits.map(({ limit, used, free_at }) => [limit, used, free_at])).toEqual(
        Array(3).fill([null, 1, null]),
      );
    } finally {
      await world.stop();
    }
  });
});
