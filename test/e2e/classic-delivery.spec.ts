import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  classicTime,
  create,
  creation,
  gzipResult,
  inDays,
  type Kind,
} from '../support/classic-factories.js';
import type { FieldedProbe } from '../support/classic-probe.js';
import { ClassicWorld, type Person } from '../support/classic-world.js';
import { until } from '../support/until.js';

let world: ClassicWorld;
let ada: Person;

beforeAll(async () => {
  world = await ClassicWorld.start();
  ada = await world.person(100_000);
});

afterAll(() => world.stop());

/** A later job that has arrived: what was sent before it would be here too. */
async function barrier(probe: FieldedProbe): Promise<void> {
  const later = await create(ada.api, 'dns', [probe.identifier]);
  await probe.job(later._id);
}

describe('what a probe is sent', () => {
  test.each(['ping', 'traceroute', 'dns'] as Kind[])(
    '%s: the operation less probes, with the cost of one run',
    async (kind) => {
      const probe = await world.fieldedProbe(ada);
      const body = creation(kind, [probe.identifier], { times_per_minute: 4 });
      const operation = await create(ada.api, kind, [probe.identifier], { times_per_minute: 4 });
      const { event, job, args } = await probe.job(operation._id);
      expect([event, args]).toEqual([kind, 1]);
      expect(job).toEqual({
        _id: operation._id,
        params: body.params,
        results: [],
        credits: kind === 'traceroute' ? 15 : 1,
        result_format: operation.result_format,
      });
    },
  );

  // each as python-crontab 2.5.1, busybox 1.27.2 and Debian's cron leave it alone: test/medium/crontabs.spec.ts
  test.each([
    ['0 0 * 1 1-7/2', '0 0 * 1 0,1,3,5'],
    ['0 0 1 * 0-6', '0 0 * * *', '0,0 0 * * *'],
    ['0 0 1-31 1 1', '0 0 * 1 *'],
    ['0 0 */10 1 *', '0 0 1,11,21,31 1 *'],
    ['*/60 */24 1 JAN *', '0 0 1 1 *', '0,0 0 1 1 *'],
    ['0\t0  1 1 sun', '0 0 1 1 0'],
    ['30 4 */31 1 *,7', '30 4 1 1 *'],
  ])('a cron expression %j in a form that its readers leave alone', async (cron, equal, sent = equal) => {
    const probe = await world.fieldedProbe(ada);
    const params = { cron, stop_time: classicTime(inDays(400)) };
    const operation = await create(ada.api, 'ping', [probe.identifier], params);
    expect((await probe.job(operation._id)).job.params).toMatchObject({ ...params, cron: sent });
    // shown as accepted, and priced alike
    expect(operation.params).toMatchObject(params);
    expect((await create(ada.api, 'ping', [probe.identifier], { ...params, cron: equal })).credits).toBe(
      operation.credits,
    );
  });

  test('no cron expression that it would run at other times: 400, nothing is charged', async () => {
    const probe = await world.fieldedProbe(ada);
    const before = await world.balance(ada);
    for (const cron of ['0 0 */2 * 1', '0 0 1 * */2', '0 0 */31,15 * 1']) {
      const { status, text } = await ada.api.post('/ping', creation('ping', [probe.identifier], { cron }));
      expect([status, text]).toEqual([
        400,
        expect.stringMatching(/params\.cron must not have two restricted day fields/),
      ]);
    }
    expect(await world.balance(ada)).toBe(before);
    await barrier(probe);
    expect(probe.received).toHaveLength(1);
  });

  test('once, to each available probe, and to no other', async () => {
    const probes = await Promise.all(Array.from({ length: 5 }, () => world.fieldedProbe(ada)));
    const bystander = await world.fieldedProbe(ada);
    const operation = await create(
      ada.api,
      'ping',
      probes.map(({ identifier }) => identifier),
    );
    for (const probe of probes) await probe.job(operation._id);
    for (const probe of [...probes, bystander]) await barrier(probe);
    expect(probes.map((probe) => probe.jobsOf(operation._id).length)).toEqual([1, 1, 1, 1, 1]);
    expect(bystander.jobsOf(operation._id)).toEqual([]);
  });

  test('nothing when the creation was refused', async () => {
    const probe = await world.fieldedProbe(ada);
    const poor = await world.person();
    await poor.api.post('/ping', creation('ping', [probe.identifier]));
    await barrier(probe);
    expect(probe.received).toHaveLength(1);
  });

  test.each([true, false])('not again when it comes back (it acknowledged: %s)', async (acknowledges) => {
    const probe = await world.fieldedProbe(ada, { acknowledges });
    const operation = await create(ada.api, 'ping', [probe.identifier]);
    await probe.job(operation._id);
    await barrier(probe);
    probe.close();
    await until('it is gone', async () => (await world.listed(probe.identifier))?.connected === false);
    const again = await world.connect(probe.token ?? '');
    again.identifier = probe.identifier;
    await barrier(again);
    expect(again.jobsOf(operation._id)).toEqual([]);
  });
});

describe('a second connection of the same probe', () => {
  test('takes over: the old one is closed, the new one gets the jobs', async () => {
    const old = await world.fieldedProbe(ada, { totalCredits: 10 });
    const young = await world.connect(old.token ?? '', { totalCredits: 100, inUseCredits: 50 });
    young.identifier = old.identifier;
    await until('the old one is closed by the server', () => old.disconnects[0]);
    expect(young.socket.connected).toBe(true);
    const listed = await world.listed(old.identifier);
    expect([listed?.connected, listed?.availability]).toEqual([true, 0.5]);
    const operation = await create(ada.api, 'ping', [old.identifier]);
    await young.job(operation._id);
    expect(old.jobsOf(operation._id)).toEqual([]);
  });

  test('a late disconnect of the old one does not mark the probe as gone', async () => {
    const old = await world.fieldedProbe(ada);
    const young = await world.connect(old.token ?? '');
    young.identifier = old.identifier;
    old.close();
    await until('the old one is gone', () => old.disconnects[0]);
    await barrier(young);
    expect((await world.listed(old.identifier))?.connected).toBe(true);
  });

  test('ten at once: one stands in the end, and it gets the job once', async () => {
    const first = await world.fieldedProbe(ada);
    const rivals = Array.from({ length: 10 }, () => world.open(first.token));
    const all = [first, ...rivals];
    await Promise.all(
      rivals.map((rival) =>
        until('it was connected', () => rival.socket.connected || rival.disconnects[0] !== undefined),
      ),
    );
    const standing = (): FieldedProbe[] => all.filter(({ socket }) => socket.connected);
    await until('one stands', () => standing().length === 1);
    expect((await world.listed(first.identifier))?.connected).toBe(true);
    const operation = await create(ada.api, 'ping', [first.identifier]);
    await standing()[0]?.job(operation._id);
    await barrier(Object.assign(standing()[0]!, { identifier: first.identifier }));
    expect(all.flatMap((probe) => probe.jobsOf(operation._id))).toHaveLength(1);
  });

  test('results of the old connection count as those of the new one', async () => {
    const old = await world.fieldedProbe(ada);
    const operation = await create(ada.api, 'dns', [old.identifier]);
    const young = await world.connect(old.token ?? '');
    const result = gzipResult(operation._id);
    expect(await young.deliver(result)).toEqual([operation._id]);
    expect((await world.operation(operation._id)).results).toHaveLength(1);
  });
});
