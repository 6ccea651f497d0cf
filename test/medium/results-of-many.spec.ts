import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import fc from 'fast-check';
import { type Connection } from 'mongoose';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { ResultReader } from '../../src/core/results/result-reader.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { sized } from '../support/size.js';

const PARTS = { head: false, raw: true };

/** Small ones come with what they weigh, others are read by themselves: 4 KB, 16 KB and more. */
const resultsOf = fc.array(
  fc.record({
    at: fc.nat(20).map((ms) => new Date(ms)),
    outcome: fc.constantFrom('stored', 'stored', 'stored', 'failed'),
    bytes: fc.constantFrom(0, 10, 10, 10, 10, 5_000, 20_000),
  }),
  { maxLength: 150 },
);

describe('results of many operations', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let app: AppContext;
  let connection: Connection;

  beforeAll(async () => {
    mongo = await testMongo();
    app = await AppContext.start(mongo.uri);
    connection = app.module.get<Connection>(getConnectionToken(), { strict: false });
  });
  afterAll(async () => {
    await app.stop();
    await mongo.stop();
  });

  async function insert(drawn: { at: Date; outcome: string; bytes: number }[][]) {
    const operations = drawn.map(() => new ObjectId());
    const all = drawn.flatMap((results, n) =>
      results.map(({ at, outcome, bytes }, code) => ({
        ...{
          _id: new ObjectId(),
          operation: operations[n],
          probe: new ObjectId(),
          unique_code: String(code),
        },
        ...{ outcome, received_at: at, format: 'dns', raw: Buffer.alloc(bytes, code), summary: [] },
      })),
    );
    if (all.length > 0) await connection.collection('results').insertMany(all);
    return { operations, all };
  }

  it('come one operation after the other, each in the order in which its results came, with the light raw bytes', async () => {
    const property = fc.asyncProperty(fc.array(resultsOf, { minLength: 1, maxLength: 6 }), async (drawn) => {
      const { operations, all } = await insert(drawn);
      const expected = operations.flatMap((operation) =>
        all
          .filter((result) => result.operation === operation && result.outcome === 'stored')
          .sort(
            (a, b) =>
              Number(a.received_at) - Number(b.received_at) || (String(a._id) < String(b._id) ? -1 : 1),
          )
          .map(({ _id, raw }) => [String(_id), raw.length, raw.length > 16_384 ? undefined : raw[0]]),
      );
      const found: unknown[] = [];
      const reading = app.get(ResultReader).readOfMany({ operations, outcome: 'stored' }, PARTS);
      for await (const group of reading)
        found.push(...group.map(({ _id, raw_bytes, raw }) => [String(_id), raw_bytes, raw?.[0]]));
      expect(found).toEqual(expected);
    });
    await fc.assert(property, { numRuns: sized(20, 8) });
  });

  it('are read in the order of their index: MongoDB sorts nothing, and looks at no more than it gives', async () => {
    const { operations } = await insert([[], [], []]);
    const many = operations.map((operation) =>
      Array.from({ length: 300 }, (_, n) => ({
        ...{ operation, probe: new ObjectId(), unique_code: String(n), outcome: 'stored' },
        ...{ received_at: new Date(n), format: 'dns', raw: Buffer.from('{}'), summary: [] },
      })),
    );
    await connection.collection('results').insertMany(many.flat());
    await connection.db?.command({ profile: 2 });
    let count = 0;
    const reading = app.get(ResultReader).readOfMany({ operations, outcome: 'stored' }, PARTS);
    for await (const group of reading)
      count += group.filter(({ operation }) => operations.some((id) => id.equals(operation))).length;
    await connection.db?.command({ profile: 0 });
    expect(count).toBe(900);
    const queries = await connection
      .collection<{ docsExamined: number; nreturned: number; hasSortStage?: boolean }>('system.profile')
      .find({ op: 'query', ns: `${connection.name}.results` })
      .toArray();
    // in several pieces: each is looked at
    expect(queries.length).toBeGreaterThan(2);
    for (const { docsExamined, nreturned, hasSortStage } of queries) {
      expect(hasSortStage ?? false).toBe(false);
      expect(docsExamined).toBeLessThanOrEqual(nreturned + 3);
    }
  });
});
