import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { classicTime, create, creation, daily, inDays, type Kind } from '../support/classic-factories.js';
import type { FieldedProbe } from '../support/classic-probe.js';
import type { Operation } from '../support/classic-types.js';
import { ClassicWorld, type Person } from '../support/classic-world.js';

let world: ClassicWorld;
let ada: Person;
let probe: FieldedProbe;

beforeAll(async () => {
  world = await ClassicWorld.start();
  ada = await world.person(1_000_000);
  probe = await world.fieldedProbe(ada);
});

afterAll(() => world.stop());

const TWO = { ips: ['192.0.2.1'], fqdns: ['example.org'] };
const TWICE = { ips: ['192.0.2.1', '192.0.2.1'] };

describe('what an operation costs', () => {
  test.each([
    ['ping', {}, 1, 1],
    ['traceroute', {}, 15, 15],
    ['dns', {}, 1, 1],
    ['ping', TWO, 2, 2],
    ['traceroute', TWO, 30, 30],
    ['dns', { fqdns: ['a.example', 'b.example', 'a.example'] }, 3, 3],
    ['ping', TWICE, 2, 2],
    ['traceroute', TWICE, 30, 30],
    ['ping', { times_per_minute: 60 }, 1, 60],
    ['ping', daily(3), 1, 3],
    ['ping', daily(3, 1), 1, 4],
    ['ping', daily(1), 1, 1],
    ['ping', daily(1, 1), 1, 2],
    ['traceroute', { ...daily(30), times_per_minute: 2, ...TWO }, 30, 30 * 30 * 2],
  ] as [Kind, Record<string, unknown>, number, number][])(
    '%s %j: %d a run, %d in all',
    async (kind, params, aRun, all) => {
      const before = await world.balance(ada);
      const operation = await create(ada.api, kind, [probe.identifier], params);
      expect(operation.credits).toBe(all);
      expect(await world.balance(ada)).toBe(before - all);
      expect((await probe.job(operation._id)).job.credits).toBe(aRun);
    },
  );

  test('every minute for ten days: each minute counts, the last one not', async () => {
    const stop = inDays(10);
    const operation = await create(ada.api, 'ping', [probe.identifier], {
      cron: '* * * * *',
      stop_time: classicTime(stop),
    });
    // a minute may have begun between the two clocks
    const upToStop = 10 * 24 * 60 - 1;
    expect([upToStop, upToStop - 1]).toContain(operation.credits);
  });

  test('each available probe costs', async () => {
    const second = await world.fieldedProbe(ada);
    const away = await world.registerProbe(ada);
    const probes = [probe.identifier, second.identifier, away.identifier];
    const operation = await create(ada.api, 'traceroute', probes, { times_per_minute: 3 });
    expect(operation.credits).toBe(2 * 3 * 15);
    expect(operation.probes.map(({ identifier }) => identifier).sort()).toEqual(probes.slice(0, 2).sort());
  });

  test('a probe named twice measures once and costs once', async () => {
    const operation = await create(ada.api, 'ping', [probe.identifier, probe.identifier]);
    expect([operation.credits, operation.probes.length]).toEqual([1, 1]);
    await probe.job(operation._id);
    const next = await create(ada.api, 'ping', [probe.identifier]);
    await probe.job(next._id);
    expect(probe.jobsOf(operation._id)).toHaveLength(1);
  });
});

describe('who has too few', () => {
  test('the last credit is enough, one less is not, and nothing changes', async () => {
    const bob = await world.person(29);
    const body = creation('traceroute', [probe.identifier], TWO);
    const refused = await bob.api.post('/traceroute', body);
    expect([refused.status, refused.body.Error]).toEqual([400, 'Not enough credits']);
    expect(await world.balance(bob)).toBe(29);
    expect((await bob.api.get('/operations/me')).body).toEqual([]);
    await world.superuser.post('/credits', { id: bob._id, credits: 1 });
    expect((await bob.api.post('/traceroute', body)).status).toBe(201);
    expect(await world.balance(bob)).toBe(0);
  });

  test('200 creations at once against credits for 50: exactly 50, and balance 0', async () => {
    const bob = await world.person(50);
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => bob.api.post('/ping', creation('ping', [probe.identifier]))),
    );
    const count = (status: number): number => answers.filter((answer) => answer.status === status).length;
    expect([count(201), count(400)]).toEqual([50, 150]);
    expect(await world.balance(bob)).toBe(0);
    const own = await bob.api.get<Operation[]>('/operations/me');
    expect(own.body).toHaveLength(50);
    for (const { _id } of own.body) await probe.job(_id);
  });
});

describe('which probe is available', () => {
  test.each([
    ['ping', {}, 10, 9, 201],
    ['ping', {}, 10, 10, 404],
    ['traceroute', {}, 15, 0, 201],
    ['traceroute', {}, 14, 0, 404],
    ['traceroute', TWO, 30, 0, 201],
    ['traceroute', TWO, 30, 1, 404],
    ['ping', { times_per_minute: 60 }, 1, 0, 201],
    ['dns', {}, 0, 0, 404],
  ] as [Kind, Record<string, unknown>, number, number, number][])(
    '%s %j, total %d, in use %d: %d',
    async (kind, params, totalCredits, inUseCredits, status) => {
      const small = await world.fieldedProbe(ada, { totalCredits, inUseCredits });
      const answer = await ada.api.post(`/${kind}`, creation(kind, [small.identifier], params));
      expect(answer.status).toBe(status);
    },
  );

  test('the credits in use are what the probe says, by its messages', async () => {
    const small = await world.fieldedProbe(ada, { totalCredits: 2 });
    const body = creation('ping', [small.identifier]);
    await small.send('new_operation', { credits: 2 });
    expect((await ada.api.post('/ping', body)).status).toBe(404);
    await small.send('finish_operation', { credits: 1 });
    expect((await ada.api.post('/ping', body)).status).toBe(201);
  });

  test.each([[{ credits: -5 }], [{ credits: '5' }], [{ credits: { $inc: 1 } }], [{}], [null], ['5'], [[5]]])(
    'new_operation %j is answered and changes nothing',
    async (message) => {
      const small = await world.fieldedProbe(ada, { totalCredits: 10, inUseCredits: 4 });
      await small.send('new_operation', message);
      expect((await world.listed(small.identifier))?.availability).toBeCloseTo(0.6, 10);
    },
  );

  test('finishing more than was begun does not make a probe larger than it is', async () => {
    const small = await world.fieldedProbe(ada, { totalCredits: 10, inUseCredits: 1 });
    await small.send('finish_operation', { credits: 1000 });
    expect((await world.listed(small.identifier))?.availability).toBe(1);
  });

  test('nothing of a probe that is away is asked, and its owner pays nothing', async () => {
    const bob = await world.person(100);
    const away = await world.registerProbe(bob);
    expect((await bob.api.post('/ping', creation('ping', [away.identifier]))).status).toBe(404);
    expect(await world.balance(bob)).toBe(100);
  });
});
