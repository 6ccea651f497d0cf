import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { create, daily, gzipResult, type ResultMessage } from '../support/classic-factories.js';
import type { FieldedProbe } from '../support/classic-probe.js';
import type { Operation, Probe } from '../support/classic-types.js';
import { ClassicWorld, type Person } from '../support/classic-world.js';
import { until } from '../support/until.js';

const REWARD = 10;

let world: ClassicWorld;
let ada: Person;
let bob: Person;

beforeAll(async () => {
  world = await ClassicWorld.startProcess();
  ada = await world.person(1000);
  bob = await world.person();
});

afterAll(() => world.stop());

async function crash(): Promise<void> {
  await world.server.kill();
  await world.restart();
}

describe('kill -9 of the server', () => {
  test('leaves no probe that is shown as connected', async () => {
    const probe = await world.fieldedProbe(bob);
    await crash();
    const { body } = await world.api.get<Probe[]>('/probes');
    expect(body.find(({ identifier }) => identifier === probe.identifier)).toMatchObject({
      connected: false,
    });
    expect(body.every(({ connected }) => !connected)).toBe(true);
  });

  test('tokens of users and probes stay valid', async () => {
    const { token, identifier } = await world.registerProbe(bob);
    await crash();
    expect((await ada.api.get('/users/me')).status).toBe(200);
    await world.connect(token);
    expect((await world.listed(identifier))?.connected).toBe(true);
  });

  test('loses no job, and sends none twice, to a probe that comes back', async () => {
    const probe = await world.fieldedProbe(bob, { reconnection: true });
    const before = await create(ada.api, 'ping', [probe.identifier]);
    await probe.job(before._id);
    await crash();
    await until('it is back', async () => (await world.listed(probe.identifier))?.connected);
    const after = await create(ada.api, 'ping', [probe.identifier]);
    await probe.job(after._id);
    expect([probe.jobsOf(before._id).length, probe.jobsOf(after._id).length]).toEqual([1, 1]);
  });

  test('amid many creations: a job is sent at most once, and each that was answered is there and paid', async () => {
    const payer = await world.person(100);
    const probe = await world.fieldedProbe(bob, { reconnection: true });
    const creations = Array.from({ length: 60 }, () =>
      create(payer.api, 'ping', [probe.identifier]).catch(() => undefined),
    );
    await until('some arrived', () => probe.received.length > 5);
    await crash();
    const answered = (await Promise.all(creations)).filter((operation) => operation !== undefined);
    await until('it is back', async () => (await world.listed(probe.identifier))?.connected);
    const own = (await payer.api.get<Operation[]>('/operations/me')).body;
    expect(own.map(({ _id }) => _id)).toEqual(expect.arrayContaining(answered.map(({ _id }) => _id)));
    expect(await world.balance(payer)).toBe(100 - own.length);
    // what the crash interrupted holds up nobody
    const next = await create(payer.api, 'ping', [probe.identifier]);
    await probe.job(next._id);
    const last = await create(ada.api, 'ping', [probe.identifier]);
    await probe.job(last._id);
    for (const { _id } of own) expect(probe.jobsOf(_id).length).toBeLessThanOrEqual(1);
  });

  test('amid results: what is sent again until it is acknowledged is there once and paid once', async () => {
    const probe = await world.fieldedProbe(bob, { reconnection: true });
    const { _id: id } = await create(ada.api, 'dns', [probe.identifier], daily(200));
    const before = await world.balance(bob);
    const results = Array.from({ length: 200 }, () => gzipResult(id));
    const kept = new Set(results);
    const inFlight = deliverAll(probe, kept);
    await until('some are acknowledged', () => kept.size < 180);
    await crash();
    await until('it is back', () => probe.socket.connected);
    await deliverAll(probe, kept);
    await inFlight;
    expect(kept.size).toBe(0);
    // and once more, as when the probe itself starts again
    await deliverAll(probe, new Set(results));
    expect((await world.operation(id)).results).toHaveLength(200);
    expect(await world.balance(bob)).toBe(before + 200 * REWARD);
  });
});

/** Sends what is kept, and forgets what is acknowledged; ends when all is, or the connection is lost. */
async function deliverAll(probe: FieldedProbe, kept: Set<ResultMessage>): Promise<void> {
  const lost = new Promise<void>((resolve) =>
    probe.socket.once('disconnect', () => {
      resolve();
    }),
  );
  const all = Promise.all(
    [...kept].map(async (result) => {
      const [answer] = await probe.deliver(result);
      if (answer === result.operation_id) kept.delete(result);
    }),
  );
  await Promise.race([all, lost]);
}

describe('a clean stop', () => {
  test('ends with 0, tells the probe, and the next start knows everything', async () => {
    const probe = await world.fieldedProbe(bob);
    const { _id: id } = await create(ada.api, 'dns', [probe.identifier]);
    await probe.deliver(gzipResult(id));
    expect(await world.server.stop()).toBe(0);
    await until('the probe is told', () => probe.disconnects[0]);
    await world.restart();
    expect((await world.listed(probe.identifier))?.connected).toBe(false);
    expect((await world.operation(id)).results).toHaveLength(1);
  });
});
