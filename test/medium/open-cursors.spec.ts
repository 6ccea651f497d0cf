import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import { type Connection } from 'mongoose';
import { setTimeout as delay } from 'node:timers/promises';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { ListedOperationsRepository } from '../../src/core/assignments/listed-operations.repository.js';
import { OPERATION_MODEL } from '../../src/core/assignments/operation.schema.js';
import { ProbesRepository } from '../../src/core/probes/probes.repository.js';
import { ListedResults } from '../../src/core/results/listed/listed-results.js';
import { ResultReader } from '../../src/core/results/result-reader.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';

const DOCUMENTS = 500;

/** Cursors that MongoDB holds for readers that have not come to the end: it keeps each for ten minutes. */
describe('open cursors', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let app: AppContext;
  let connection: Connection;
  const operation = new ObjectId();

  beforeAll(async () => {
    mongo = await testMongo();
    app = await AppContext.start(mongo.uri);
    connection = app.module.get<Connection>(getConnectionToken(), { strict: false });
    const each = Array.from({ length: DOCUMENTS }, (_, n) => n);
    const at = new Date();
    await connection.collection('results').insertMany(
      each.map((n) => ({
        ...{ operation, probe: new ObjectId(), unique_code: String(n), outcome: 'stored', received_at: at },
        ...{ format: 'dns', raw: Buffer.from('{}'), summary: [] },
      })),
    );
    await connection
      .collection('operations')
      .insertMany(each.map((n) => ({ owner: operation, changed_at: new Date(n), visibility: 'public' })));
    await connection.collection('probes').insertMany(
      each.map(() => ({
        ...{ owner: operation, location: { type: 'Point', coordinates: [1, 2] }, tags: [] },
      })),
    );
  });
  afterAll(async () => {
    await app.stop();
    await mongo.stop();
  });

  /** Of this database alone: others work on the same mongod. */
  async function open(): Promise<number> {
    const admin = connection.getClient().db('admin');
    const cursors = await admin
      .aggregate([
        { $currentOp: { idleCursors: true, allUsers: true } },
        { $match: { type: 'idleCursor', ns: { $regex: `^${connection.name}\\.` } } },
      ])
      .toArray();
    return cursors.length;
  }

  const model = () => connection.model(OPERATION_MODEL);
  const reads: [string, () => AsyncIterable<unknown>][] = [
    ['results', () => app.get(ResultReader).read({ operations: [operation] }, { head: true, raw: true })],
    [
      'results of many operations',
      async function* () {
        const from = [operation, new ObjectId()].map((_id) => ({ _id, as: 'json' as const }));
        const gone = new AbortController().signal;
        for await (const { results } of app.get(ListedResults).of(from, gone)) yield* results;
      },
    ],
    ['all operations', () => app.get(ListedOperationsRepository).stream({})],
    ['candidates', () => app.get(ProbesRepository).streamCandidates([], undefined, 1)],
    [
      'the nearest candidates',
      () => app.get(ProbesRepository).streamCandidates([], { longitude: 1, latitude: 2 }, 1),
    ],
  ];

  it.each(reads)('of %s: read to the end there are all, and none is left', async (_what, read) => {
    let count = 0;
    for await (const each of read()) count += each === undefined ? 0 : 1;
    expect(count).toBe(DOCUMENTS);
    expect(await open()).toBe(0);
  });

  it.each(reads)('of %s: none is left by a reader that stops, fails or never begins', async (_what, read) => {
    for await (const each of read()) if (each !== undefined) break;
    const failing = async () => {
      for await (const each of read()) throw new Error(typeof each);
    };
    await expect(failing()).rejects.toThrow('object');
    read();
    expect(await open()).toBe(0);
  });

  it('is what mongoose itself leaves open (so that this test can fail)', async () => {
    // eslint-disable-next-line eslint-js/no-restricted-syntax -- to show what the rule is for
    const cursor = model().find().cursor({ batchSize: 10 });
    for await (const each of cursor) if (each !== undefined) break;
    await delay(0);
    expect(await open()).toBe(1);
    await cursor.close();
    expect(await open()).toBe(0);
  });
});
