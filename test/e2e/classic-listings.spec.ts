import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, gzipResult } from '../support/classic-factories.js';
import type { FieldedProbe } from '../support/classic-probe.js';
import type { Operation, Probe } from '../support/classic-types.js';
import { ClassicWorld, type Person } from '../support/classic-world.js';
import { HttpClient } from '../support/client.js';
import { TestDatabase } from '../support/database.js';
import { freePort, startServerAnywhere, type TestServer } from '../support/server.js';
import { until } from '../support/until.js';

/** Two servers remember what they have listed; each answer is that of a server which has just begun. */
describe('classic listings, read again and again at two servers', () => {
  let world: ClassicWorld;
  let second: TestServer;
  let database: TestDatabase;
  let ada: Person;
  let bob: Person;
  let probe: FieldedProbe;
  let operations: Operation[];

  const folders: string[] = [];
  const dataDir = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pladmed-listings-'));
    folders.push(folder);
    return folder;
  };
  const start = async () =>
    startServerAnywhere({
      ...world.env,
      MONGODB_URI: world.env['MONGODB_URI'] ?? '',
      PORT: String(await freePort()),
      DATA_DIR: await dataDir(),
    });

  beforeAll(async () => {
    world = await ClassicWorld.start();
    database = new TestDatabase(world.env['MONGODB_URI'] ?? '');
    second = await start();
    ada = await world.person(1_000);
    bob = await world.person(1_000);
    probe = await world.fieldedProbe(ada);
    operations = [];
    for (let n = 0; n < 3; n += 1) operations.push(await create(ada.api, 'dns', [probe.identifier]));
    for (const { _id } of operations) await probe.deliver(gzipResult(_id));
  });
  afterAll(async () => {
    await second.stop();
    await database.close();
    await world.stop();
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });

  const at = (url: string, { api }: Person) => new HttpClient(url).as(api.token ?? '');

  /** Both servers have to say the same, and the same as twice before. */
  async function shown<T>(path: string, reader = ada): Promise<T> {
    const servers = [world.server.url, second.url].map((url) => at(url, reader));
    const texts: string[] = [];
    for (const server of [...servers, ...servers]) {
      const { status, text } = await server.get(path);
      expect(status).toBe(200);
      texts.push(text);
    }
    expect(new Set(texts).size).toBe(1);
    return JSON.parse(texts[0] ?? '') as T;
  }

  const own = async () => shown<Operation[]>('/operations/me');
  const counts = async () => (await own()).map(({ results }) => results.length);
  const idOf = (n: number) => new mongoose.Types.ObjectId(operations[n]?._id);

  test('a result that comes in between is there at once', async () => {
    expect(await counts()).toEqual([1, 1, 1]);
    await probe.deliver(gzipResult(operations[1]?._id ?? ''));
    expect(await counts()).toEqual([1, 2, 1]);
    const [, listed] = await own();
    expect(await shown(`/operation?id=${operations[1]?._id ?? ''}`)).toEqual(listed);
  });

  test('one that retention has deleted is gone, and one whose raw bytes it has deleted shows none', async () => {
    const results = database.collection('results');
    await results.findOneAndDelete({ operation: idOf(1) }, { sort: { received_at: 1 } });
    expect(await counts()).toEqual([1, 1, 1]);
    // in the order of retention: it says first what may be gone
    const now = new Date();
    await database.collection('operations').updateOne({ _id: idOf(2) }, { $set: { raw_kept_from: now } });
    await results.updateMany(
      { operation: idOf(2), received_at: { $lt: now } },
      { $unset: { raw: 1 }, $set: { raw_deleted_at: now } },
    );
    expect((await own())[2]?.results).toEqual([{ probe: probe.identifier, results: [] }]);
  });

  test("a probe's place is the one that it has now, in every list", async () => {
    const location = { longitude: 1.5, latitude: -2.25 };
    await database
      .collection('probes')
      .updateOne(
        { _id: new mongoose.Types.ObjectId(probe.identifier) },
        { $set: { 'location.coordinates': [location.longitude, location.latitude] } },
      );
    expect((await shown<Probe[]>('/probes'))[0]?.location).toEqual(location);
    for (const { probes } of await own()) expect(probes[0]?.location).toEqual(location);
  });

  test('whether it is connected, and what is free of it, is so at this moment', async () => {
    const listed = async () => (await shown<Probe[]>('/probes'))[0];
    expect(await listed()).toMatchObject({ connected: true });
    const before = (await listed())?.availability ?? 0;
    void probe.send('new_operation', { credits: 7 });
    await until('it is noted', async () => ((await listed())?.availability ?? 1) < before);
    probe.close();
    await until('it is gone', async () => (await world.listed(probe.identifier))?.connected === false);
    const { connected, ...others } = (await listed()) ?? {};
    expect(connected).toBe(false);
    expect(others).not.toHaveProperty('availability');
  });

  test('one who has the answer already is told so, until it is another one', async () => {
    const path = `${world.server.url}/operation?id=${operations[1]?._id ?? ''}`;
    const first = await fetch(path);
    const etag = first.headers.get('etag') ?? '';
    expect(etag).not.toBe('');
    expect(await first.json()).toEqual(await shown(`/operation?id=${operations[1]?._id ?? ''}`));
    // as a browser asks: fetch() of Node would add `no-cache`
    const headers = { 'if-none-match': etag, 'cache-control': 'max-age=0' };
    const ask = () => fetch(path, { headers });
    expect((await ask()).status).toBe(304);
    await database.collection('results').deleteMany({ operation: idOf(1) });
    const changed = await ask();
    expect([changed.status, ((await changed.json()) as Operation).results]).toEqual([200, []]);
  });

  test('another reader sees what that reader may see', async () => {
    expect(await shown('/operations/me', bob)).toEqual([]);
    const id = operations[0]?._id ?? '';
    await shown(`/operation?id=${id}`, bob);
    await database.collection('operations').updateOne({ _id: idOf(0) }, { $set: { visibility: 'private' } });
    for (const url of [world.server.url, second.url]) {
      expect((await at(url, bob).get(`/operation?id=${id}`)).status).toBe(404);
      expect((await at(url, bob).get<Operation[]>('/operations')).body.map(({ _id }) => _id)).not.toContain(
        id,
      );
    }
    expect((await own()).map(({ _id }) => _id)).toContain(id);
  });

  test('a server that begins now says the same', async () => {
    const before = await own();
    const third = await start();
    try {
      expect((await at(third.url, ada).get('/operations/me')).body).toEqual(before);
    } finally {
      await third.stop();
    }
  });

  test('of an emptied database nothing is shown, at either server', async () => {
    await own();
    expect((await world.api.send('DELETE', '/delete_all')).status).toBe(204);
    for (const url of [world.server.url, second.url]) {
      expect((await new HttpClient(url).get('/probes')).body).toEqual([]);
      expect((await new HttpClient(url).get(`/operation?id=${operations[0]?._id ?? ''}`)).status).toBe(404);
    }
  });
});
