import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Account, ApiWorld, type Operation, type Registered } from '../support/api-world.js';
import { dnsResult, failedRun, type NativeProbe, pingResult } from '../support/native-probe.js';
import { openApi } from '../support/openapi-assert.js';
import { until } from '../support/until.js';

interface Tally {
  due: number;
  fates: Record<string, number>;
}
interface ProbeCoverage extends Tally {
  probe_id: string;
  state: string;
  planned: number;
  upcoming: number;
  failed_by_reason: Record<string, number>;
  extra: number;
}
interface Coverage extends Omit<ProbeCoverage, 'probe_id' | 'state'> {
  bucket_s: number;
  buckets: (Tally & { from: string; to: string })[];
  probes: ProbeCoverage[];
  next: string | null;
}

const HOUR_MS = 3_600_000;

describe('coverage', () => {
  let world: ApiWorld;
  let user: Account;

  beforeAll(async () => {
    world = await ApiWorld.start();
    user = await world.account(1_000_000);
  });
  afterAll(() => world.stop());

  /** Runs every minute for an hour, from now on. */
  async function hourly(
    probes: Registered[],
    more: object = {},
  ): Promise<Operation & { at: (run: number) => string }> {
    const stop = new Date(Date.now() + HOUR_MS - 1_000).toISOString();
    const schedule = { type: 'interval', every_s: 60, stop, ...more };
    const body = { kind: 'dns', params: { fqdns: ['example.org'] }, schedule };
    const operation = await world.operation(user, probes, body);
    const first = Date.parse((operation.schedule as unknown as { start: string }).start);
    return { ...operation, at: (run) => new Date(first + run * 60_000).toISOString() };
  }

  async function connected(): Promise<{ registered: Registered; probe: NativeProbe }> {
    const registered = await world.probe(user);
    return { registered, probe: await world.connect(registered) };
  }

  /** Read, checked against the OpenAPI document, and added up. */
  async function coverage({ id }: { id: string }, query = ''): Promise<Coverage> {
    const { body, status } = await user.api.get<Coverage>(`/api/v1/operations/${id}/coverage?${query}`);
    expect(status).toBe(200);
    openApi.checkSchema('CoverageDto', body);
    for (const tally of [body, ...body.buckets, ...body.probes]) {
      expect(sum(Object.values(tally.fates))).toBe(tally.due);
    }
    expect(sum(body.buckets.map(({ due }) => due))).toBe(body.due);
    expect(body.due + body.upcoming).toBe(body.planned);
    return body;
  }

  const progress = async ({ id }: { id: string }) =>
    (await user.api.get<Operation>(`/api/v1/operations/${id}`)).body.progress;

  it('says of each run that was due what became of it, once, in all, by time and by probe', async () => {
    const { registered, probe } = await connected();
    const absent = await world.probe(user);
    const operation = await hourly([registered, absent]);
    await probe.told(operation.id);
    const results = [0, 1, 2, 3, 40].map((run) => dnsResult(operation.id, operation.at(run)));
    await probe.results(results);
    await probe.results(results);
    await probe.failed([
      failedRun(operation.id, operation.at(4), { reason: 'missed' }),
      failedRun(operation.id, operation.at(5), { reason: 'refused' }),
      failedRun(operation.id, operation.at(0)),
    ]);
    // of those only the first was due: the others are known, and count when they are
    expect(await progress(operation)).toMatchObject({ received: 1, failed: 0 });
    const told = await coverage(operation, 'bucket_s=3600');
    expect(told).toMatchObject({ planned: 120, extra: 0, failed_by_reason: { missed: 1, refused: 1 } });
    const own = told.probes.find(({ probe_id }) => probe_id === registered.id);
    expect(own).toMatchObject({ planned: 60, state: 'delivered', due: 7 });
    expect(own?.fates).toMatchObject({ received: 5, failed: 1, refused: 1, awaited: 0, unexplained: 0 });
    const away = told.probes.find(({ probe_id }) => probe_id === absent.id);
    expect(away?.state).toBe('pending');
    expect(away?.fates).toMatchObject({ not_connected: away?.due, received: 0 });
    expect(away?.due).toBeGreaterThan(0);
    expect(told.buckets.every(({ from, to }) => Date.parse(to) - Date.parse(from) === HOUR_MS)).toBe(true);
  });

  it('lists probes by pages, and a single one', async () => {
    const probes = await Promise.all([1, 2, 3].map(() => world.probe(user)));
    const operation = await hourly(probes);
    const first = await coverage(operation, 'limit=2');
    expect(first.probes).toHaveLength(2);
    const second = await coverage(operation, `limit=2&cursor=${first.next ?? ''}`);
    expect([...first.probes, ...second.probes].map(({ probe_id }) => probe_id)).toEqual(
      probes.map(({ id }) => id).sort(),
    );
    expect([second.next, second.planned]).toEqual([null, 180]);
    const single = await coverage(operation, `probe=${probes[1]?.id ?? ''}`);
    expect([single.planned, single.probes.map(({ probe_id }) => probe_id)]).toEqual([60, [probes[1]?.id]]);
  });

  it('counts a result that names no run of the schedule as extra, and marks it', async () => {
    const { registered, probe } = await connected();
    const operation = await hourly([registered]);
    await probe.told(operation.id);
    const odd = new Date(Date.parse(operation.at(3)) + 1).toISOString();
    const stored = { items: [{ status: 'stored' }, { status: 'stored' }] };
    expect(
      await probe.results([dnsResult(operation.id, operation.at(3)), dnsResult(operation.id, odd)]),
    ).toEqual(stored);
    const path = `/api/v1/operations/${operation.id}/results`;
    const { body } = await user.api.get<{
      items: { scheduled_at: string; off_schedule?: boolean; counted: boolean }[];
    }>(path);
    expect(body.items.find(({ scheduled_at }) => scheduled_at === odd)).toMatchObject({
      off_schedule: true,
      counted: false,
    });
    expect(body.items.find(({ scheduled_at }) => scheduled_at !== odd)?.off_schedule).toBe(false);
    const { fates, extra, probes } = await coverage(operation);
    expect(fates['received']).toBe(1);
    expect([extra, probes[0]?.extra]).toEqual([1, 1]);
  });

  it('decides every run when the operation is stopped, and takes what still comes', async () => {
    const { registered, probe } = await connected();
    const operation = await hourly([registered]);
    await probe.told(operation.id);
    await probe.results([dnsResult(operation.id, operation.at(0))]);
    await user.api.post(`/api/v1/operations/${operation.id}/stop`);
    const stopped = await coverage(operation);
    expect([stopped.due, stopped.upcoming]).toEqual([60, 0]);
    expect(stopped.fates['received']).toBe(1);
    expect(stopped.fates['stopped']).toBeGreaterThanOrEqual(58);
    const [answer] = (await probe.results([dnsResult(operation.id, operation.at(30))])).items ?? [];
    expect(answer?.status).toBe('stored');
    // its run was paid back: what came of it is shown, and neither counted nor paid
    expect(await progress(operation)).toMatchObject({ received: 1, failed: 0 });
    const later = await coverage(operation);
    expect([later.fates['received'], later.fates['stopped']]).toEqual([
      2,
      (stopped.fates['stopped'] ?? 0) - 1,
    ]);
  });

  it('counts and pays what came early when its run is due', async () => {
    const { registered, probe } = await connected();
    const schedule = { type: 'interval', every_s: 1, stop: new Date(Date.now() + 3_600_000).toISOString() };
    const operation = await hourly([registered], schedule);
    await probe.told(operation.id);
    const before = await world.balance(user);
    const first = Date.parse(operation.at(0));
    const [soon, late] = [10, 3_500].map((run) => new Date(first + run * 1000).toISOString());
    const sent = [soon, late].map((time = '') => dnsResult(operation.id, time));
    await probe.results(sent);
    if (Date.now() < first + 10_000) expect(await world.balance(user)).toBe(before);
    await until('the early one to be paid', async () => (await world.balance(user)) === before + 10);
    expect(Date.now()).toBeGreaterThanOrEqual(first + 10_000);
    expect(await progress(operation)).toMatchObject({ received: 1, failed: 0 });
    const list = `/api/v1/operations/${operation.id}/results`;
    const { body } = await user.api.get<{ items: { scheduled_at: string; counted: boolean }[] }>(list);
    expect(new Map(body.items.map((each) => [each.scheduled_at, each.counted])).get(soon ?? '')).toBe(true);
  });

  it('decides every run of a probe that refused the operation', async () => {
    const registered = await world.probe(user);
    await world.connect(registered, {
      answerSync: ({ operations }) => ({
        refused: operations.map(({ operation_id }) => ({ operation_id, reason: 'the host denies dns' })),
      }),
    });
    const operation = await hourly([registered]);
    const told = await until('the refusal', async () => {
      const found = await coverage(operation);
      return found.probes[0]?.state === 'refused' ? found : undefined;
    });
    expect(told.fates['refused']).toBe(60);
  });

  it('knows of a single run by its assignment', async () => {
    const { registered, probe } = await connected();
    const late = await connected();
    const operation = await world.operation(user, [registered, late.registered]);
    const { at = '' } = operation.schedule;
    await probe.told(operation.id);
    await late.probe.told(operation.id);
    await probe.failed([failedRun(operation.id, at, { reason: 'unresolved' })]);
    const told = await until('the acknowledged job', async () => {
      const found = await coverage(operation);
      return found.fates['awaited'] === 1 ? found : undefined;
    });
    expect(told).toMatchObject({ due: 2, fates: { failed: 1 }, failed_by_reason: { unresolved: 1 } });
    await late.probe.results([pingResult(operation.id, at)]);
    expect((await coverage(operation)).fates).toMatchObject({ failed: 1, received: 1, awaited: 0 });
  });

  it('knows the offset that the spread gives a probe', async () => {
    const { registered, probe } = await connected();
    const operation = await hourly([registered], { spread_s: 60 });
    expect((operation.schedule as unknown as { spread_s: number }).spread_s).toBe(60);
    const { schedule } = await probe.told(operation.id);
    expect(schedule).not.toHaveProperty('spread_s');
    const offset = (schedule['offset_ms'] as number | undefined) ?? 0;
    expect(offset).toBeLessThan(60_000);
    const due = [0, 1].map((run) => new Date(Date.parse(operation.at(run)) + offset).toISOString());
    await probe.results(due.map((time) => dnsResult(operation.id, time)));
    const told = await coverage(operation);
    expect([told.fates['received'], told.extra]).toEqual([2, 0]);
    const list = `/api/v1/operations/${operation.id}/results`;
    const { body } = await user.api.get<{ items: object[] }>(list);
    for (const item of body.items) expect(item).toMatchObject({ off_schedule: false });
  });

  it('refuses what it cannot answer, and says why', async () => {
    const operation = await hourly([await world.probe(user)]);
    const ask = (query: string) =>
      user.api.get<{ code: string; errors?: { field: string }[] }>(
        `/api/v1/operations/${operation.id}/coverage?${query}`,
      );
    const fieldOf = async (query: string) => {
      const { status, body } = await ask(query);
      expect(status).toBe(400);
      return body.errors?.[0]?.field;
    };
    expect(await fieldOf('bucket_s=0')).toBe('bucket_s');
    expect(await fieldOf('bucket_s=1e3')).toBe('bucket_s');
    expect(await fieldOf('probe=x')).toBe('probe');
    expect(await fieldOf('cursor=x')).toBe('cursor');
    expect((await ask(`probe=${'0'.repeat(24)}`)).status).toBe(404);
    expect((await world.api.get(`/api/v1/operations/${operation.id}/coverage`)).status).toBe(401);
    const stranger = await world.account();
    const hidden = await world.operation(user, [await world.probe(user)], { visibility: 'private' });
    expect((await stranger.api.get(`/api/v1/operations/${hidden.id}/coverage`)).status).toBe(404);
  });
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
