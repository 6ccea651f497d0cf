import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import fc from 'fast-check';
import { type Connection } from 'mongoose';
import { gzipSync } from 'node:zlib';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { type ResultEntity } from '../../src/core/ingest/result.schema.js';
import { DecodedTexts } from '../../src/core/results/decoded-texts.js';
import { type ListedFrom, ListedResults } from '../../src/core/results/listed/listed-results.js';
import { ResultListsRepository } from '../../src/core/results/listed/result-lists.repository.js';
import { ResultReader } from '../../src/core/results/result-reader.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { dnsResult } from '../support/native-probe.js';
import { sized } from '../support/size.js';

const stays = new AbortController().signal;

/** @param count of queries, some 300 bytes each */
function documentOf(n: number, count: number): Buffer {
  const { content } = dnsResult('', new Date(n).toISOString());
  const { version, queries } = JSON.parse(content.toString()) as { version: number; queries: object[] };
  return Buffer.from(JSON.stringify({ version, queries: Array.from({ length: count }, () => queries[0]) }));
}

/** What a result may be: short, longer than what is kept, a document that is decoded piece by piece, damaged, and a failed run. */
const CONTENTS: Record<string, (n: number) => Partial<ResultEntity>> = {
  text: (n) => ({ format: 'gzip', raw: gzipSync(`text "${n}" ü`) }),
  long: (n) => ({ format: 'gzip', raw: gzipSync(`${n}`.padEnd(40_000, 'x')) }),
  heavy: (n) => ({ format: 'dns', raw: documentOf(n, 60) }),
  document: (n) => ({ format: 'dns', raw: documentOf(n, 1) }),
  damaged: (n) => ({ format: 'gzip', raw: gzipSync(`damaged ${n}`).subarray(0, 20) }),
  failed: () => ({ outcome: 'failed', failure: { reason: 'timeout', detail: '' } }),
};
const content = fc.constantFrom(...Object.keys(CONTENTS), 'text', 'text', 'text');

/** What may happen between two readings, and which operation and which of its results it happens to. */
const steps = fc.array(
  fc.record({
    what: fc.constantFrom(
      'come',
      'come',
      'come',
      'nothing',
      'expire',
      'expire',
      'lose raw bytes',
      'come back',
      'come back',
      'empty',
    ),
    operation: fc.nat(2),
    contents: fc.array(content, { minLength: 1, maxLength: 30 }),
    count: fc.integer({ min: 1, max: 20 }),
    isRead: fc.constantFrom(true, true, false),
  }),
  { minLength: 2, maxLength: 16 },
);

describe('listed results', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let app: AppContext;
  let connection: Connection;

  beforeAll(async () => {
    mongo = await testMongo();
    app = await AppContext.start(mongo.uri);
    connection = app.module.get<Connection>(getConnectionToken(), { strict: false });
  });
  beforeEach(() => stored().deleteMany({}));
  afterAll(async () => {
    await app.stop();
    await mongo.stop();
  });

  const stored = () => connection.collection<ResultEntity>('results');

  /** As a server has it that has just begun: it knows nothing. */
  const fresh = () =>
    new ListedResults(app.get(ResultListsRepository), app.get(ResultReader), app.get(DecodedTexts));

  async function read(listed: ListedResults, from: readonly ListedFrom[]): Promise<string[]> {
    const shown: string[] = [];
    for await (const { operation, results, long } of listed.of(from, stays)) {
      for (const { probe, text } of results) shown.push(`${operation} ${probe} ${text ?? 'not kept'}`);
      if (long === undefined) continue;
      let text = '';
      for await (const piece of app.get(DecodedTexts).long(long, 'json', stays)) text += piece.toString();
      shown.push(`${operation} ${long.probe.toHexString()} ${text}`);
    }
    return shown;
  }

  /** What is stored, read one by one, past all that is remembered. */
  async function expected(from: readonly ListedFrom[]): Promise<string[]> {
    const shown: string[] = [];
    for (const { _id: operation, as } of from) {
      const results = await stored()
        .find({ operation, outcome: 'stored' }, { sort: { received_at: 1, _id: 1 } })
        .toArray();
      for (const { _id, probe, raw_deleted_at } of results) {
        let text = '';
        const result = await app.get(ResultReader).find(_id, { head: false, raw: true });
        for await (const piece of app.get(DecodedTexts).decoded(result, as, stays)) text += piece.toString();
        shown.push(`${String(operation)} ${String(probe)} ${raw_deleted_at ? 'not kept' : text}`);
      }
    }
    return shown;
  }

  let time = 0;
  let code = 0;

  function resultOf(operation: ObjectId, kind: string, more: Partial<ResultEntity> = {}): ResultEntity {
    code += 1;
    // several come in one batch, at the same time
    time += code % 3 === 0 ? 1 : 0;
    return {
      ...{ _id: new ObjectId(), operation, probe: new ObjectId(), unique_code: String(code) },
      ...{ outcome: 'stored', received_at: new Date(time), summary: [] },
      ...CONTENTS[kind]?.(code),
      ...more,
    };
  }

  /** @returns what is gone now, to come back */
  async function happen(
    { what, operation, contents, count }: typeof steps extends fc.Arbitrary<(infer Step)[]> ? Step : never,
    from: ListedFrom[],
    gone: ResultEntity[],
  ): Promise<ResultEntity[]> {
    const chosen = from[operation];
    if (chosen === undefined) return [];
    const { _id } = chosen;
    const oldest = await stored()
      .find({ operation: _id }, { sort: { received_at: 1, _id: 1 }, limit: count })
      .toArray();
    const ids = { _id: { $in: oldest.map((result) => result._id) } };
    if (what === 'come') await stored().insertMany(contents.map((kind) => resultOf(_id, kind)));
    if (what === 'empty') await stored().deleteMany({});
    if (what === 'expire') {
      await stored().deleteMany(ids);
      return [...gone, ...oldest];
    }
    if (what === 'lose raw bytes') {
      time += 1;
      chosen.raw_kept_from = new Date(time);
      const deleted = { $unset: { raw: 1 as const }, $set: { raw_deleted_at: new Date(time) } };
      await stored().updateMany({ ...ids, raw: { $exists: true } }, deleted);
    }
    const [back] = gone;
    if (what === 'come back' && back !== undefined) {
      // by a file that says something else of it
      await stored().insertOne(resultOf(back.operation, 'text', { _id: back._id, probe: back.probe }));
      return gone.slice(1);
    }
    return gone;
  }

  it('are what is stored, whatever happened since they were read last', async () => {
    const property = fc.asyncProperty(steps, async (drawn) => {
      await stored().deleteMany({});
      const from: ListedFrom[] = Array.from({ length: 3 }, () => ({
        _id: new ObjectId(),
        as: 'json' as const,
      }));
      const listed = fresh();
      let gone: ResultEntity[] = [];
      for (const step of drawn) {
        gone = await happen(step, from, gone);
        if (!step.isRead) continue;
        const shown = await read(listed, from);
        expect(shown).toEqual(await expected(from));
        // by a server that knows nothing of before
        expect(await read(fresh(), from)).toEqual(shown);
      }
    });
    await fc.assert(property, { numRuns: sized(60, 12) });
  });

  it('show what a file has brought back under the id of a result that was deleted', async () => {
    const from = [{ _id: new ObjectId(), as: 'json' as const }];
    const [{ _id: operation }] = from as [ListedFrom];
    const before = resultOf(operation, 'text');
    await stored().insertMany([resultOf(operation, 'text'), before]);
    const listed = fresh();
    await read(listed, from);
    time += 1;
    await stored().deleteOne({ _id: before._id });
    await stored().insertOne(resultOf(operation, 'document', { _id: before._id, probe: before.probe }));
    const shown = await read(listed, from);
    expect(shown).toEqual(await expected(from));
    expect(shown[1]).toContain('"sent_at":');
  });

  it('of more than a page go on where the page ends, in the middle of an operation', async () => {
    const from = Array.from({ length: 3 }, () => ({ _id: new ObjectId(), as: 'json' as const }));
    const listed = fresh();
    for (const count of [1_500, 1, 1_000]) {
      await stored().insertMany(
        from.flatMap(({ _id }) => Array.from({ length: count }, () => resultOf(_id, 'text'))),
      );
      const shown = await read(listed, from);
      expect(await read(listed, from)).toEqual(shown);
      const all = await stored()
        .find({}, { sort: { operation: 1, received_at: 1, _id: 1 }, projection: { operation: 1, probe: 1 } })
        .toArray();
      expect(shown.map((each) => each.slice(0, 49))).toEqual(
        all.map(({ operation, probe }) => `${String(operation)} ${String(probe)}`),
      );
    }
  });

  it('that are as before are the same objects; of a list that has grown only what is new is read', async () => {
    const from = [{ _id: new ObjectId(), as: 'json' as const }];
    const [{ _id }] = from as [ListedFrom];
    const parts = async (listed: ListedResults) => {
      const all = [];
      for await (const part of listed.of(from, stays)) all.push(part);
      return all;
    };
    await stored().insertMany(Array.from({ length: 300 }, () => resultOf(_id, 'text')));
    const listed = fresh();
    await parts(listed);
    const before = await parts(listed);
    const again = await profiled(() => parts(listed));
    expect(again.read).toHaveLength(before.length);
    for (const [n, part] of again.read.entries()) expect(part).toBe(before[n]);
    // by an index alone, which has them in order
    expect(again.looked).toEqual([{ docsExamined: 0, hasSortStage: false }]);
    await stored().insertMany(Array.from({ length: 3 }, () => resultOf(_id, 'text')));
    const grown = await profiled(() => parts(listed));
    expect(grown.read.flatMap(({ results }) => results)).toHaveLength(303);
    expect(grown.looked.map(({ docsExamined }) => docsExamined).sort()).toEqual([0, 3]);
  });

  it('are read in the order of their index from the middle of an operation on', async () => {
    const from = Array.from({ length: 3 }, () => ({ _id: new ObjectId(), as: 'json' as const }));
    await stored().insertMany(
      from.flatMap(({ _id }) => Array.from({ length: 900 }, () => resultOf(_id, 'failed'))),
    );
    const listed = fresh();
    await read(listed, from);
    const { looked } = await profiled(() => read(listed, from));
    expect(looked).toEqual(Array.from({ length: 2 }, () => ({ docsExamined: 0, hasSortStage: false })));
  });

  /** @returns what was read, and how MongoDB looked for it */
  async function profiled<T>(
    work: () => Promise<T>,
  ): Promise<{ read: T; looked: { docsExamined: number; hasSortStage: boolean }[] }> {
    const profile = connection.collection('system.profile');
    await connection.db?.command({ profile: 0 });
    await profile.drop().catch(() => undefined);
    await connection.db?.command({ profile: 2 });
    const done = await work();
    await connection.db?.command({ profile: 0 });
    const queries = await profile.find({ ns: `${connection.name}.results` }).toArray();
    const looked = queries.map(({ docsExamined, hasSortStage }) => ({
      docsExamined: docsExamined as number,
      hasSortStage: hasSortStage === true,
    }));
    return { read: done, looked };
  }
});
