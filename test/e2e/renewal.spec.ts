import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { type RenewalEntity } from '../../src/core/results/renewal/renewal.schema.js';
import { type ResultEntity } from '../../src/core/ingest/result.schema.js';
import { testMongo } from '../support/mongod.js';
import { startServer, type TestServer } from '../support/server.js';
import { formerResults, RENEWED } from '../support/stored-results.js';
import { until } from '../support/until.js';

const COUNT = 3000;

describe('a platform with summaries of an earlier version', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let connection: mongoose.Connection;
  let server: TestServer | undefined;

  beforeAll(async () => {
    mongo = await testMongo();
    connection = await mongoose.createConnection(mongo.uri).asPromise();
  });
  afterAll(async () => {
    await server?.stop();
    await connection.close();
    await mongo.stop();
  });

  const start = async () => {
    const { pathname } = new URL(mongo.uri);
    return startServer({ MONGODB_URI: mongo.uri, MONGO_DATABASE: pathname.slice(1) });
  };
  const note = () => connection.collection<RenewalEntity>('renewals').findOne({});

  it('is ready at once, and has present ones in the end, also when it is killed in between', async () => {
    const results = connection.collection<ResultEntity>('results');
    await results.insertMany(formerResults(COUNT, new Date(Date.now() - 600_000)));
    server = await start();
    const { url } = server;
    // a busy machine's database may be slow to answer; that it does before all is renewed is said below
    await until('it is ready', async () => (await fetch(`${url}/health/ready`)).status === 200);
    await until('a step is done', async () => ((await note())?.changed ?? 0) > 0);
    await server.kill();
    const killed = await note();
    expect(killed).not.toHaveProperty('caught_up_at');
    expect(
      await results.countDocuments({ 'summary.errors': { $exists: false }, 'summary.type': 'ping' }),
    ).toBeGreaterThan(0);

    server = await start();
    await until('all are renewed', async () => (await note())?.caught_up_at !== undefined, 300_000);
    const done = await note();
    expect(done!.after! > killed!.after!).toBe(true);
    expect(done!.changed).toBeLessThanOrEqual(COUNT);
    let n = 0;
    for await (const { summary } of results.find().sort({ _id: 1 }))
      expect(summary).toEqual(RENEWED[n++ % 2]);
    expect(n).toBe(COUNT);
    expect(server.log.some((line) => line.includes('stored summaries are renewed'))).toBe(true);
  }, 600_000);
});
