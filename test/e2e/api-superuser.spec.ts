import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Account, ApiWorld, type Operation, type Page, type Registered } from '../support/api-world.js';
import { dnsResult, type NativeProbe } from '../support/native-probe.js';
import { until } from '../support/until.js';

/** What a superuser has to see and do to run the platform, and nobody else may. */
describe('a private operation of somebody else', () => {
  let world: ApiWorld;
  let owner: Account;
  let other: Account;
  let registered: Registered;
  let probe: NativeProbe;
  let operation: Operation;
  let result: string;

  beforeAll(async () => {
    world = await ApiWorld.start();
    [owner, other] = [await world.account(1000), await world.account(1000)];
    registered = await world.probe(owner);
    probe = await world.connect(registered);
    operation = await world.operation(owner, [registered], {
      kind: 'dns',
      params: { fqdns: ['example.org'] },
      schedule: { type: 'interval', every_s: 60, stop: new Date(Date.now() + 3_600_000).toISOString() },
      visibility: 'private',
    });
    const { schedule } = await probe.told(operation.id);
    await probe.results([dnsResult(operation.id, String(schedule['start']))]);
    result = await until('its result', async () => {
      const { body } = await owner.api.get<Page<{ id: string }>>(
        `/api/v1/operations/${operation.id}/results`,
      );
      return body.items[0]?.id;
    });
  });
  afterAll(() => world.stop());

  const paths = () => [
    `/api/v1/operations/${operation.id}`,
    `/api/v1/operations/${operation.id}/assignments`,
    `/api/v1/operations/${operation.id}/results`,
    `/api/v1/operations/${operation.id}/coverage`,
    `/api/v1/results/${result}/raw`,
  ];
  const listed = async (api: ApiWorld['superuser']) => {
    const { body } = await api.get<Page<Operation>>('/api/v1/operations');
    return body.items.some(({ id }) => id === operation.id);
  };

  it('is seen by a superuser, with all that belongs to it', async () => {
    for (const path of paths()) expect([path, (await world.superuser.get(path)).status]).toEqual([path, 200]);
    expect(await listed(world.superuser)).toBe(true);
  });

  it('is not there for others', async () => {
    for (const path of paths()) expect([path, (await other.api.get(path)).status]).toEqual([path, 404]);
    expect(await listed(other.api)).toBe(false);
    expect((await other.api.post(`/api/v1/operations/${operation.id}/stop`)).status).toBe(404);
    expect((await other.api.send('DELETE', `/api/v1/operations/${operation.id}`)).status).toBe(404);
  });

  it('is stopped by a superuser, and paid back to its owner', async () => {
    const before = await world.balance(owner);
    const { status, body } = await world.superuser.post<Operation>(`/api/v1/operations/${operation.id}/stop`);
    expect([status, body.state]).toEqual([200, 'stopped']);
    await until('the probe hears of it', () => probe.stops.length > 0);
    expect(await world.balance(owner)).toBe(before + (body.refunded ?? 0));
    expect(body.refunded).toBeGreaterThan(0);
    const again = await world.superuser.send<Operation>('DELETE', `/api/v1/operations/${operation.id}`);
    expect([again.status, again.body.state]).toEqual([200, 'stopped']);
  });

  it('is one thing, the token of a probe another: superusers revoke it too, others do not', async () => {
    expect((await other.api.post(`/api/v1/probes/${registered.id}/token`)).status).toBe(403);
    expect((await world.superuser.post(`/api/v1/probes/${registered.id}/token`)).status).toBe(200);
    await probe.lost;
  });
});
