import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { type Account, ApiWorld, type Registered } from '../support/api-world.js';
import { metricOf } from '../support/metrics.js';
import { dnsResult, failedRun } from '../support/native-probe.js';
import { until } from '../support/until.js';

interface Figures {
  from: string;
  uptime: number | null;
  due: number;
  came: number;
  share: number | null;
}
interface Probe extends Registered {
  created_at: string;
  revision: number;
  reliability: { at: string; day: Figures; week: Figures; month: Figures } | null;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('the reliability of a probe', () => {
  let world: ApiWorld;
  let user: Account;
  beforeAll(async () => {
    world = await ApiWorld.start({ RELIABILITY_EVERY_S: '1' });
    user = await world.account(1_000_000);
  });
  afterAll(() => world.stop());

  const read = async ({ id }: Registered) => (await user.api.get<Probe>(`/api/v1/probes/${id}`)).body;

  /** Measured after now. */
  async function measured(probe: Registered) {
    const asked = Date.now();
    return until('a measure of the probe', async () => {
      const { reliability } = await read(probe);
      return reliability !== null && Date.parse(reliability.at) >= asked && reliability;
    });
  }

  /** As if it had been registered ten days ago, and connected for some time since. */
  async function aged({ id }: Registered, stays: [from: number, to: number][]): Promise<void> {
    const probe = new mongoose.mongo.ObjectId(id);
    const now = Date.now();
    const ago = (hours: number) => new Date(now - hours * HOUR_MS);
    await world.database
      .collection('probes')
      .updateOne({ _id: probe }, { $set: { created_at: new Date(now - 10 * DAY_MS) } });
    await world.database.collection('sessions').insertMany(
      stays.map(([from, to]) => ({
        probe,
        server: 'another',
        protocol: 'native',
        from: ago(from),
        to: ago(to),
        reason: 'ping timeout',
      })),
    );
  }

  it('is shown with its time: uptime over a day, a week and a month, and since when', async () => {
    const probe = await world.probe(user);
    await aged(probe, [
      [9 * 24, 8 * 24],
      [6 * 24, 5 * 24],
      [12, 6],
      // overlapping: counted once
      [11, 7],
    ]);
    const { day, week, month, at } = await measured(probe);
    expect(Date.parse(at) - Date.parse(day.from)).toBe(DAY_MS);
    expect(day.uptime).toBeCloseTo(0.25, 2);
    expect(week.uptime).toBeCloseTo(1.25 / 7, 2);
    expect(month.uptime).toBeCloseTo(2.25 / 10, 2);
    expect(month.from).toBe((await read(probe)).created_at);
    expect([day.due, day.came]).toEqual([0, 0]);
    expect(day.share).toBeNull();
    // being measured is no change of the probe
    expect((await read(probe)).revision).toBe(1);
  });

  it('of one that has just come is measured since its registration', async () => {
    const probe = await world.probe(user);
    await world.connect(probe);
    const { month } = await measured(probe);
    expect(month.from).toBe((await read(probe)).created_at);
    expect(month.uptime).toBeLessThanOrEqual(1);
  });

  /** An operation of sixty runs, one a minute, that a probe got an hour and a half ago. @returns its id and the times of its runs */
  async function past(probe: Registered): Promise<{ id: string; at: (run: number) => string }> {
    const { id } = await world.operation(user, [await world.probe(user)], {
      kind: 'dns',
      params: { fqdns: ['example.org'] },
      schedule: { type: 'interval', every_s: 60, stop: new Date(Date.now() + HOUR_MS).toISOString() },
    });
    const start = new Date(Date.now() - 1.5 * HOUR_MS);
    const stop = new Date(start.getTime() + HOUR_MS);
    const operation = new mongoose.mongo.ObjectId();
    await copy(
      'operations',
      { _id: new mongoose.mongo.ObjectId(id) },
      {
        _id: operation,
        number: 999_999,
        schedule: { type: 'interval', every_s: 60, start, stop },
        ends_at: stop,
      },
    );
    await copy(
      'assignments',
      { operation: new mongoose.mongo.ObjectId(id) },
      {
        _id: new mongoose.mongo.ObjectId(),
        operation,
        probe: new mongoose.mongo.ObjectId(probe.id),
        state: 'delivered',
        delivered_at: start,
        delivered_over: 'native',
        ends_at: stop,
      },
    );
    const at = (run: number) => new Date(start.getTime() + run * 60_000).toISOString();
    return { id: operation.toHexString(), at };
  }

  async function copy(name: string, of: object, changes: object): Promise<void> {
    const collection = world.database.collection(name);
    await collection.insertOne({ ...(await collection.findOne(of)), ...changes });
  }

  it('has the share of runs that came, without those that are nobody’s fault', async () => {
    const registered = await world.probe(user);
    const probe = await world.connect(registered);
    const { id, at } = await past(registered);
    await probe.results([0, 1, 2, 3].map((run) => dnsResult(id, at(run))));
    await probe.failed([
      failedRun(id, at(4), { reason: 'missed' }),
      failedRun(id, at(5), { reason: 'unresolved' }),
      failedRun(id, at(6), { reason: 'refused' }),
    ]);
    const { day, week } = await measured(registered);
    expect(day).toMatchObject({ due: 58, came: 4, share: expect.closeTo(4 / 58, 5) });
    expect(week).toMatchObject({ due: 58, came: 4 });
    // late, and counted all the same
    expect((await probe.results([dnsResult(id, at(7))])).items).toEqual([{ status: 'stored' }]);
    expect((await measured(registered)).day).toMatchObject({ due: 58, came: 5 });
  });

  it('changes nothing for classic callers', async () => {
    await measured(await world.probe(user));
    const response = await fetch(`${world.server.url}/probes`);
    const probes = (await response.json()) as object[];
    expect(probes.length).toBeGreaterThan(0);
    for (const probe of probes) {
      expect(Object.keys(probe).filter((name) => name !== 'availability')).toEqual([
        'identifier',
        'owner_id',
        'location',
        'connected',
      ]);
    }
  });

  it('costs what the metrics and the log say', async () => {
    await measured(await world.probe(user));
    const passOf = (what: string) => metricOf(world.server.url, `pladmed_reliability_pass_${what}`);
    await until('the figures of a pass', async () => (await passOf('probes')) > 0);
    expect(await passOf('seconds')).toBeGreaterThan(0);
    expect(world.server.log.some((line) => line.includes('reliability of probes measured'))).toBe(true);
  });
});
