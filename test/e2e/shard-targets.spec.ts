import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Account, ApiWorld, firstRunOf } from '../support/api-world.js';
import { FakeGlobalpingProbe, PING } from '../support/globalping-probe.js';
import { failedRun, pingResult } from '../support/native-probe.js';
import { shardKeys } from '../support/shard-keys.js';
import { until } from '../support/until.js';

const PROFILE_BYTES = 64 * 1024 * 1024;

/** A write as MongoDB's profiler notes it. */
interface Profiled {
  op: string;
  ns: string;
  command: {
    q?: Record<string, unknown>;
    query?: Record<string, unknown>;
    multi?: boolean;
    upsert?: boolean;
    limit?: number;
    findAndModify?: string;
  };
}

/**
 * A sharded cluster takes a write of one document only where it names the shard key or the _id, and one that may insert only with the
 * shard key. Which writes there are is read from MongoDB's profiler: there need be no cluster for it.
 */
describe('writes of one document', () => {
  let world: ApiWorld;
  let user: Account;

  beforeAll(async () => {
    world = await ApiWorld.start();
    user = await world.account(1_000_000);
    await world.database.db.createCollection('system.profile', { capped: true, size: PROFILE_BYTES });
    await world.database.db.command({ profile: 2 });
  });
  afterAll(() => world.stop());

  it('name the shard keys of docs/scaling.md, or the _id', async () => {
    await measure();
    await askOnce();
    const keys = shardKeys();
    const seen = await until('the writes of readers of the tail', async () => {
      const writes = await writesOf([...keys.keys()]);
      const collections = new Set(writes.map(({ ns }) => ns.split('.')[1]));
      return ['assignments', 'runsheets', 'latest', 'rollups', 'begunruns'].every((one) =>
        collections.has(one),
      )
        ? writes
        : undefined;
    });
    const wrong = seen.filter((write) => !isTargeted(write, keys.get(write.ns.split('.')[1] ?? '') ?? []));
    expect(wrong.map(({ ns, command }) => ({ ns, command }))).toEqual([]);
  });

  /** An operation with a result, a run that failed, and runs that are given back. */
  async function measure(): Promise<void> {
    const registered = await world.probe(user);
    const probe = await world.connect(registered);
    const stop = new Date(Date.now() + 600_000).toISOString();
    const schedule = { type: 'interval', every_s: 60, stop };
    const operation = await world.operation(user, [registered], { schedule });
    const first = Date.parse(firstRunOf(operation));
    await probe.results([pingResult(operation.id, new Date(first).toISOString())]);
    await probe.failed([failedRun(operation.id, new Date(first + 60_000).toISOString())]);
    await user.api.post(`/api/v1/operations/${operation.id}/stop`, {});
  }

  /** A run whose schedule the server keeps. */
  async function askOnce(): Promise<void> {
    const registered = await world.probe(user);
    const probe = await FakeGlobalpingProbe.connect(world.server.url, registered.token);
    await until('it to be connected', async () => {
      const { body } = await user.api.get<{ connected: boolean }>(`/api/v1/probes/${registered.id}`);
      return body.connected;
    });
    await world.operation(user, [registered], { params: { fqdns: ['example.org'] } });
    await until('its run', () => probe.begun.length === 1);
    probe.result(probe.begun[0]!, PING);
  }

  async function writesOf(collections: readonly string[]): Promise<Profiled[]> {
    const { databaseName } = world.database.db;
    const ns = { $in: collections.map((collection) => `${databaseName}.${collection}`) };
    const isWrite = [{ op: { $in: ['update', 'remove'] } }, { 'command.findAndModify': { $exists: true } }];
    const found = await world.database.collection('system.profile').find({ ns, $or: isWrite }).toArray();
    return found as unknown as Profiled[];
  }
});

function isTargeted({ op, command }: Profiled, key: readonly string[]): boolean {
  const { q = {}, query = q, multi, upsert, limit, findAndModify } = command;
  const namesKey = key.every((field) => isEquality(query[field]));
  if (upsert === true || findAndModify !== undefined) return namesKey;
  const isOfMany = op === 'remove' ? limit === 0 : multi === true;
  return isOfMany || namesKey || isEquality(query['_id']);
}

function isEquality(condition: unknown): boolean {
  if (condition === undefined || condition === null) return false;
  if (Object.getPrototypeOf(condition) !== Object.prototype) return true;
  return !Object.keys(condition).some((name) => name.startsWith('$') && name !== '$eq');
}
