import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Account, ApiWorld, type Operation, pingOn, type Registered } from '../support/api-world.js';
import { dnsResult, type NativeProbe } from '../support/native-probe.js';
import { until } from '../support/until.js';

const HOUR_MS = 3_600_000;
/** One run an hour for ten hours, of which five were due: the sixth begins in half an hour. */
const EVERY_S = 3600;
const RUNS = 10;
const BEGUN = 5;

interface Changed {
  probes: string[];
  probe_count: number;
  credits: number;
  refunded: number | null;
  revision: number;
  code: string;
  detail: string;
}

describe('probes of a running operation', () => {
  let world: ApiWorld;
  let user: Account;
  let registered: Registered[];
  let probes: NativeProbe[];
  let operation: Operation;
  let at: (run: number) => string;

  beforeAll(async () => {
    world = await ApiWorld.start();
    user = await world.account(1_000);
    const tags = { tags: ['added'] };
    registered = await Promise.all([0, 1, 2, 3].map(() => world.probe(user, tags)));
    const auth = { capabilities: { kinds: ['dns'] } };
    probes = await Promise.all(registered.map((probe) => world.connect(probe, { auth })));
    operation = await world.operation(user, [registered[0]!], {
      kind: 'dns',
      params: { fqdns: ['example.org'] },
      schedule: {
        ...{ type: 'interval', every_s: EVERY_S, start: new Date(Date.now() + HOUR_MS / 2).toISOString() },
        stop: new Date(Date.now() + RUNS * HOUR_MS).toISOString(),
      },
    });
    at = await world.began(operation, BEGUN * HOUR_MS);
  });
  afterAll(() => world.stop());

  const path = () => `/api/v1/operations/${operation.id}`;
  const add = (body: object, headers: Record<string, string> = {}, by = user) =>
    by.api.post<Changed>(`${path()}/probes`, body, headers);
  const remove = (ids: string[], headers: Record<string, string> = {}, by = user) =>
    by.api.post<Changed>(`${path()}/probes/remove`, { probes: ids }, headers);
  const idOf = (n: number) => registered[n]!.id;
  const shown = async () => (await user.api.get<Operation>(path())).body;
  const assignment = async (n: number) => {
    const pages = await user.api.pages<{ probe_id: string; state: string; due: number; received: number }>(
      `${path()}/assignments`,
    );
    return pages.flat().find(({ probe_id }) => probe_id === idOf(n));
  };
  const bring = (n: number, run: number) => probes[n]!.results([dnsResult(operation.id, at(run))]);

  it('are added for the runs that are left, which are charged and brought', async () => {
    const before = await world.balance(user);
    const { status, body, headers } = await add({ probes: [idOf(1), idOf(2), idOf(1), idOf(0)] });
    expect([status, headers.get('etag')]).toEqual([200, '"2"']);
    expect(body).toMatchObject({ probe_count: 3, credits: RUNS + 2 * (RUNS - BEGUN), refunded: null });
    expect(body.probes.sort()).toEqual([idOf(1), idOf(2)].sort());
    expect(before - (await world.balance(user))).toBe(2 * (RUNS - BEGUN));
    await Promise.all([probes[1]!.told(operation.id), probes[2]!.told(operation.id)]);
    expect(await assignment(1)).toMatchObject({ due: RUNS - BEGUN, received: 0 });
    expect((await shown()).progress).toMatchObject({ due: RUNS + 2 * (RUNS - BEGUN) });
  });

  it('are added once, however often it is asked', async () => {
    const before = await world.balance(user);
    const again = await add({ probes: [idOf(1), idOf(2)] });
    expect([again.status, again.body.probes, again.body.revision]).toEqual([200, [], 2]);
    expect((await add({ probes: [idOf(3)] }, { 'if-match': '"1"' })).status).toBe(412);
    expect(await world.balance(user)).toBe(before);
  });

  it('owe no run that was due before', async () => {
    const { body } = await user.api.get<{
      planned: number;
      due: number;
      probes: { probe_id: string; planned: number; due: number }[];
    }>(`${path()}/coverage`);
    expect(body).toMatchObject({ planned: RUNS + 2 * (RUNS - BEGUN), due: BEGUN });
    expect(body.probes.find(({ probe_id }) => probe_id === idOf(1))).toMatchObject({ planned: 5, due: 0 });
    // what one brings of such a run is kept, and is no run that was asked for
    expect((await bring(1, BEGUN - 1)).items).toMatchObject([{ status: 'stored' }]);
    expect(await assignment(1)).toMatchObject({ received: 0 });
  });

  it('are taken away, and what they have not begun is paid back', async () => {
    const before = await world.balance(user);
    const { status, body } = await remove([idOf(1), '6720a1b2c3d4e5f6000000a1']);
    expect([status, body.probes]).toEqual([200, [idOf(1)]]);
    expect(body).toMatchObject({ probe_count: 3, refunded: RUNS - BEGUN });
    expect((await world.balance(user)) - before).toBe(RUNS - BEGUN);
    await until('the probe was told', () =>
      probes[1]!.stops.some(({ operation_id }) => operation_id === operation.id),
    );
    expect(await assignment(1)).toMatchObject({ state: 'stopped' });
    expect(await assignment(2)).toMatchObject({ state: 'delivered' });
    const again = await remove([idOf(1)]);
    expect([again.status, again.body.probes, again.body.revision]).toEqual([200, [], body.revision]);
    // the others are counted as before
    expect((await bring(0, 0)).items).toMatchObject([{ status: 'stored' }]);
    expect(await assignment(0)).toMatchObject({ received: 1 });
  });

  it('that were taken away are added again, for the runs that are left then', async () => {
    const made = await world.operation(user, [registered[0]!], {
      kind: 'dns',
      params: { fqdns: ['example.org'] },
      schedule: {
        ...{ type: 'interval', every_s: EVERY_S, start: new Date(Date.now() + HOUR_MS / 2).toISOString() },
        stop: new Date(Date.now() + RUNS * HOUR_MS).toISOString(),
      },
    });
    const own = `/api/v1/operations/${made.id}`;
    const change = async (what: 'probes' | 'probes/remove') => {
      const before = await world.balance(user);
      const { body } = await user.api.post<Changed>(`${own}/${what}`, { probes: [idOf(0)] });
      return { ...body, paid: before - (await world.balance(user)) };
    };
    const state = async () => {
      const { body } = await user.api.get<{ items: { state: string }[] }>(`${own}/assignments`);
      return body.items[0];
    };
    const bringHere = (time: string) => probes[0]!.results([dnsResult(made.id, time)]);
    await probes[0]!.told(made.id);
    await world.began(made, 2 * HOUR_MS);
    // it is the only one: the operation goes on without any
    expect(await change('probes/remove')).toMatchObject({ paid: 2 - RUNS, probe_count: 1 });
    const due = await world.began(made, 4 * HOUR_MS);
    expect(await change('probes')).toMatchObject({ paid: RUNS - 4, probes: [idOf(0)], probe_count: 1 });
    await until('the probe was told again', async () => (await state())?.state === 'delivered');
    expect(await state()).toMatchObject({ due: 2 + RUNS - 4, earlier: [{ due: 2 }] });
    for (const run of [1, 2, 3])
      expect((await bringHere(due(run))).items).toMatchObject([{ status: 'stored' }]);
    // the one that was asked of it before; those between were not
    expect(await state()).toMatchObject({ received: 1 });
    expect(await change('probes/remove')).toMatchObject({ paid: 4 - RUNS });
    expect(await change('probes/remove')).toMatchObject({ paid: 0, probes: [] });
    // at once: nothing was asked of it in between
    expect(await change('probes')).toMatchObject({ paid: RUNS - 4 });
    expect(await state()).toMatchObject({ due: 2 + RUNS - 4, earlier: [{ due: 2 }], received: 1 });
    const stopped = await user.api.post<Operation>(`${own}/stop`);
    expect(stopped.body.credits - (stopped.body.refunded ?? 0)).toBe(2);
  });

  it('are chosen by a rule among the others', async () => {
    const select = { count: 1, tags: ['added'] };
    const { body } = await add({ select });
    expect(body.probes).toEqual([idOf(3)]);
    await probes[3]!.told(operation.id);
    expect((await add({ select })).body.code).toBe('too_few_probes');
  });

  it("are the owner's to add, and are refused where something is wrong", async () => {
    const other = await world.account(1_000);
    expect((await add({ probes: [idOf(3)] }, {}, other)).status).toBe(403);
    expect((await remove([idOf(3)], {}, other)).status).toBe(403);
    for (const wrong of [{}, { probes: [] }, { probes: [idOf(3)], select: { count: 1 } }, { probes: 'x' }])
      expect([wrong, (await add(wrong)).status]).toEqual([wrong, 400]);
    expect((await remove(['x'])).status).toBe(400);
    expect((await add({ probes: ['6720a1b2c3d4e5f6000000a1'] })).status).toBe(404);
  });

  it('cannot be paid without credits, and nothing changes then', async () => {
    const poor = await world.account(RUNS);
    const own = await world.operation(poor, [registered[0]!], {
      kind: 'dns',
      params: { fqdns: ['example.org'] },
      schedule: {
        ...{ type: 'interval', every_s: EVERY_S, start: new Date(Date.now() + HOUR_MS).toISOString() },
        stop: new Date(Date.now() + (RUNS + 1) * HOUR_MS - 1).toISOString(),
      },
    });
    const { body } = await poor.api.post<Changed>(`/api/v1/operations/${own.id}/probes`, {
      probes: [idOf(1)],
    });
    expect(body.code).toBe('not_enough_credits');
    const { body: after } = await poor.api.get<Operation>(`/api/v1/operations/${own.id}`);
    expect(after).toMatchObject({ probe_count: 1, revision: 1 });
  });

  it('have an operation with a description and tags, by which it is found', async () => {
    const labels = { description: 'Reach (1.5.*)', tags: ['reach', 'reach', 'dns'] };
    const { etag = '' } = Object.fromEntries((await user.api.get(path())).headers);
    const { status, body } = await user.api.patch<Operation & typeof labels>(path(), labels, {
      'if-match': etag,
    });
    expect([status, body.description, body.tags]).toEqual([200, 'Reach (1.5.*)', ['reach', 'dns']]);
    expect((await user.api.patch(path(), labels, { 'if-match': etag })).status).toBe(412);
    const found = async (query: string) =>
      (await user.api.pages<Operation>(`/api/v1/operations?${query}`)).flat().map(({ id }) => id);
    const { number } = body as unknown as { number: number };
    for (const query of ['tag=reach&tag=dns', 'search=reach%20(1.5.*', `number=${number}`])
      expect([query, await found(query)]).toEqual([query, [operation.id]]);
    expect(await found('tag=reach&tag=http')).toEqual([]);
    expect(await found('search=1x5')).toEqual([]);
    const made = await user.api.post<typeof labels>('/api/v1/operations', {
      ...pingOn([registered[0]!]),
      ...{ kind: 'dns', params: { fqdns: ['example.org'] }, description: 'x', tags: ['a'] },
    });
    expect([made.status, made.body.description, made.body.tags]).toEqual([201, 'x', ['a']]);
    const any = { 'if-match': '*' };
    const emptied = await user.api.patch<typeof labels>(path(), { description: '', tags: [] }, any);
    expect([emptied.body.description, emptied.body.tags]).toEqual([null, []]);
    for (const wrong of [{ description: 'x'.repeat(256) }, { tags: ['A'] }, { tags: null }])
      expect([wrong, (await user.api.patch(path(), wrong, any)).status]).toEqual([wrong, 400]);
  });

  it('stop with the operation, and none is added after that', async () => {
    const before = await world.balance(user);
    const stopped = await user.api.post<Operation>(`${path()}/stop`);
    // the first had five of its runs before; two others have begun none
    expect((await world.balance(user)) - before).toBe(3 * (RUNS - BEGUN));
    expect(stopped.body.refunded).toBe(4 * (RUNS - BEGUN));
    expect((await add({ probes: [idOf(2)] })).status).toBe(409);
    expect((await remove([idOf(2)])).body.probes).toEqual([]);
  });
});
