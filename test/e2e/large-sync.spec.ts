import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Account, ApiWorld, type Registered } from '../support/api-world.js';
import { type NativeProbe } from '../support/native-probe.js';
import { RealProbe } from '../support/real-probe.js';
import { until } from '../support/until.js';

/** With 1,000 names each, more than the 16 MiB that a probe takes (docs/protocol.md, `sync`). */
const ASKED = 400;
const NAMES = Array.from({ length: 1000 }, (_, n) => `host-${n}.of-a-department.example-university.org`);
const TOMORROW = new Date(Date.now() + 86_400_000).toISOString();

describe('a probe that has as much to do as it can hold', () => {
  let world: ApiWorld;
  let user: Account;
  let registered: Registered;
  let made: string[];
  let refusals: { code: string; bound: string; detail: string }[];
  const fakes: NativeProbe[] = [];

  beforeAll(async () => {
    world = await ApiWorld.startProcess();
    user = await world.account(1_000_000);
    registered = await world.probe(user);
    [made, refusals] = [[], []];
    const body = JSON.stringify({
      kind: 'dns',
      params: { fqdns: NAMES },
      schedule: { type: 'once', at: TOMORROW },
      probes: [registered.id],
    });
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${user.api.token!}` };
    let left = ASKED;
    const createSome = async () => {
      while (left > 0) {
        left -= 1;
        const answer = await fetch(`${world.server.url}/api/v1/operations`, {
          method: 'POST',
          headers,
          body,
        });
        const said = (await answer.json()) as { id: string } & (typeof refusals)[number];
        if (answer.status === 201) made.push(said.id);
        else refusals.push(said);
      }
    };
    await Promise.all(Array.from({ length: 4 }, createSome));
  }, 600_000);
  afterAll(() => world.stop());

  async function states(): Promise<Record<string, number>> {
    const all = await world.database.collection('assignments').find().toArray();
    const counts: Record<string, number> = {};
    for (const { state } of all) counts[String(state)] = (counts[String(state)] ?? 0) + 1;
    return counts;
  }

  it('is given no more, in a sentence that names it', () => {
    // 49 KB each
    expect(made.length).toBeGreaterThan(300);
    expect(made.length + refusals.length).toBe(ASKED);
    expect(refusals.length).toBeGreaterThan(0);
    for (const { code, bound, detail } of refusals) {
      expect([code, bound]).toEqual(['limit_reached', 'probe_held_bytes']);
      expect(detail).toContain(registered.id);
    }
  });

  it.each([
    ['that knows parts, and takes small messages only', { sync_parts: true }, 512 * 1024],
    ['that does not, and takes the message of 16 MiB', {}, 16 * 1024 * 1024],
    ['that does not, and takes small messages only', {}, 512 * 1024],
  ])(
    'gets all of it: a probe %s',
    async (_which, auth, maxPayload) => {
      const told = new Set<string>();
      // who cannot take a message loses the connection on it, and comes back
      await until('everything', async () => {
        const probe = await world.connect(registered, {
          auth,
          maxPayload,
          answerSync: ({ full, part = 1, operations }) => {
            if (full && part === 1) told.clear();
            for (const { operation_id } of operations) told.add(operation_id);
            return { refused: [] };
          },
        });
        fakes.push(probe);
        await until('everything, or the end', () => told.size === made.length || probe.ended !== undefined);
        return told.size === made.length;
      });
      expect([...told].sort()).toEqual([...made].sort());
      for (const fake of fakes.splice(0)) fake.close();
    },
    600_000,
  );

  it('comes to the real probe', async () => {
    await world.database
      .collection('assignments')
      .updateMany({}, { $set: { state: 'pending' }, $unset: { delivered_at: 1 } });
    const probe = await RealProbe.start(world.server.url, registered.token);
    await until('all are delivered', async () => (await states())['delivered'] === made.length);
    expect(await states()).toEqual({ delivered: made.length });
    await probe.stop();
  }, 600_000);
});
