import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { getConnectionToken } from '@nestjs/mongoose';
import { type Connection } from 'mongoose';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { LedgerService } from '../../src/core/ledger/ledger.service.js';
import { type RunPosition } from '../../src/core/assignments/assigned-runs.js';
import { type AssignmentEntity } from '../../src/core/assignments/assignment.schema.js';
import { RunAccountsRepository } from '../../src/core/assignments/run-accounts.repository.js';
import { AssignmentsRepository } from '../../src/core/assignments/assignments.repository.js';
import { type ProbeEntity } from '../../src/core/probes/probe.schema.js';
import { BatchWriter } from '../../src/core/ingest/batch-writer.js';
import { CREDITS_PER_RESULT, type Submission } from '../../src/core/ingest/effects.js';
import { type ResultEntity } from '../../src/core/ingest/result.schema.js';
import { type UserEntity } from '../../src/core/users/user.schema.js';
import { ResultsRepository } from '../../src/core/results/results.repository.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { MongoSteps } from '../support/mongo-steps.js';
import { submissionOf } from '../support/submission.js';
import { withWrongClock } from '../support/wrong-clock.js';

function submission(
  assignment: AssignmentEntity,
  code: string,
  more: Partial<ResultEntity> = {},
): Submission {
  const result: ResultEntity = {
    _id: new ObjectId(),
    operation: assignment.operation,
    probe: assignment.probe,
    unique_code: code,
    outcome: 'stored',
    received_at: new Date(),
    format: 'dns',
    raw: Buffer.from(code),
    summary: [],
    ...more,
  };
  const position: RunPosition = { claim: { type: 'unnamed' }, mark: undefined };
  return submissionOf({ result, probeOwner: assignment.probe_owner, bytes: 100, position });
}

/** The writers of two servers on one database. */
describe('BatchWriter', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let servers: AppContext[];
  let owner: UserEntity;
  let probe: ProbeEntity;
  let assignment: AssignmentEntity;

  beforeAll(async () => {
    mongo = await testMongo();
    servers = [await AppContext.start(mongo.uri), await AppContext.start(mongo.uri)];
  });
  beforeEach(async () => {
    owner = await servers[0]!.user();
    probe = await servers[0]!.probe(owner);
    assignment = await servers[0]!.assignment(probe);
  });
  afterAll(async () => {
    for (const server of servers) await server.stop();
    await mongo.stop();
  });

  const writer = (server = 0) => servers[server]!.get(BatchWriter);
  const stored = async ({ operation } = assignment) =>
    (await servers[0]!.results(operation)).map(({ unique_code }) => unique_code).sort();
  const counters = async (each = assignment) => {
    const found = await servers[0]!.get(AssignmentsRepository).findOne(each.operation, each.probe);
    return found && { received: found.received, failed: found.failed };
  };
  const earned = async () => {
    const entries = await servers[0]!.get(LedgerService).statement(owner._id, 1000);
    const sum = entries.reduce((total, { amount }) => total + amount, 0);
    expect(await servers[0]!.balance(owner)).toBe(sum);
    return sum / CREDITS_PER_RESULT;
  };

  it('stores, counts and pays each run once, however often it comes, and through whichever server', async () => {
    const arrival = fc.record({
      server: fc.integer({ min: 0, max: 1 }),
      run: fc.integer({ min: 0, max: 9 }),
    });
    const property = fc.asyncProperty(
      fc.array(arrival, { minLength: 1, maxLength: 40 }),
      async (arrivals) => {
        const fresh = await servers[0]!.assignment(probe);
        const before = await earned();
        const answers = await Promise.all(
          arrivals.map(({ server, run }) => writer(server).write(submission(fresh, `run-${run}`))),
        );
        const runs = [...new Set(arrivals.map(({ run }) => `run-${run}`))].sort();
        expect(await stored(fresh)).toEqual(runs);
        expect(answers.filter((answer) => answer === 'stored')).toHaveLength(runs.length);
        expect(answers.filter((answer) => answer === 'duplicate')).toHaveLength(
          arrivals.length - runs.length,
        );
        expect(await counters(fresh)).toEqual({ received: runs.length, failed: 0 });
        expect(await earned()).toBe(before + runs.length);
      },
    );
    await fc.assert(property, { numRuns: 10 });
  });

  describe('by what it has written to an account before', () => {
    let reads: jest.SpiedFunction<RunAccountsRepository['findStandings']>;
    beforeEach(() => {
      reads = jest.spyOn(servers[0]!.get(RunAccountsRepository), 'findStandings');
    });
    afterEach(() => {
      reads.mockRestore();
    });
    const change = (update: object) =>
      servers[0]!.module
        .get<Connection>(getConnectionToken(), { strict: false })
        .collection('assignments')
        .updateOne({ operation: assignment.operation, probe: assignment.probe }, update);
    const failed: Partial<ResultEntity> = {
      ...{ outcome: 'failed', failure: { reason: 'timeout', detail: '' } },
      ...{ raw: undefined, format: undefined, summary: undefined },
    } as object;

    it('counts and pays no more than was asked for, and reads the account once', async () => {
      await change({ $set: { due: 3 } });
      await writer(0).write(submission(assignment, 'a'));
      await writer(0).write(submission(assignment, 'b', failed));
      for (const code of ['c', 'd', 'e']) await writer(0).write(submission(assignment, code));
      expect(await counters()).toEqual({ received: 2, failed: 1 });
      expect(await earned()).toBe(2);
      expect(reads).toHaveBeenCalledTimes(1);
    });

    it('counts no more than was asked for where another server has counted meanwhile', async () => {
      await change({ $set: { due: 5 } });
      for (let n = 0; n < 8; n += 1) await writer(n % 2).write(submission(assignment, `run-${n}`));
      expect(await counters()).toEqual({ received: 5, failed: 0 });
      expect(await stored()).toHaveLength(8);
      expect(await earned()).toBe(5);
    });

    it.each<[string, object, number]>([
      ['was stopped', { $set: { state: 'stopped', owed: 1 } }, 1],
      ['was given to it again', { $set: { earlier: [{ first_run: 0, runs: 1 }], first_run: 1 } }, 2],
      ['lost its counters', { $set: { received: 0 } }, 1],
    ])('sees that it %s meanwhile', async (_what, update, received) => {
      await writer(0).write(submission(assignment, 'a'));
      await change(update);
      await writer(0).write(submission(assignment, 'b'));
      expect(await counters()).toEqual({ received, failed: 0 });
      expect(reads).toHaveBeenCalledTimes(2);
    });

    it('stores nothing for an assignment that is gone', async () => {
      await writer(0).write(submission(assignment, 'a'));
      const { operation } = assignment;
      await servers[0]!.module
        .get<Connection>(getConnectionToken(), { strict: false })
        .collection('assignments')
        .deleteMany({ operation });
      expect(await writer(0).write(submission(assignment, 'b'))).toBe('assignment_gone');
      expect(await stored()).toEqual(['a']);
      expect(await earned()).toBe(1);
    });
  });

  it('knows a run that was stored before it began', async () => {
    await writer(0).write(submission(assignment, 'a'));
    writer(0).forget();
    const answers = await Promise.all(
      ['a', 'b', 'a'].map((code) => writer(0).write(submission(assignment, code))),
    );
    expect(answers).toEqual(['duplicate', 'stored', 'duplicate']);
    expect(await counters()).toEqual({ received: 2, failed: 0 });
  });

  it('lists results in the order in which they were stored, also when the clock of the server is set back', async () => {
    const codes = ['a', 'b', 'c', 'd', 'e'];
    for (const [index, backMs] of [0, 400, 900, 30_000, 3_600_000].entries())
      await withWrongClock(-backMs, () => writer().write(submission(assignment, codes[index]!)));
    const { sizes: listed } = await servers[0]!
      .get(ResultsRepository)
      .findSizes({ operations: [assignment.operation] }, 9);
    const byId = new Map(
      (await servers[0]!.results(assignment.operation)).map((each) => [String(each._id), each]),
    );
    expect(listed.map(({ _id }) => byId.get(String(_id))?.unique_code)).toEqual(codes);
    const times = listed.map(({ received_at }) => received_at.getTime());
    expect(new Set(times).size).toBe(codes.length);
  });

  it('counts a failed run and pays nothing for it', async () => {
    const failure = { reason: 'timeout', detail: '' };
    await writer().write(submission(assignment, 'a', { outcome: 'failed', failure }));
    expect(await counters()).toEqual({ received: 0, failed: 1 });
    expect(await earned()).toBe(0);
  });

  it.each([
    ['cannot be serialised', () => ({ summary: [{ 'a\0b': 1 }] })],
    ['is larger than a document may be', () => ({ raw: Buffer.alloc(17 * 1024 * 1024) })],
    ['has the _id of another', (first: Submission) => ({ _id: first.result._id })],
  ])('does not let a result that %s take the others with it', async (_what, poison) => {
    const first = submission(assignment, 'run-0');
    const good = [first, ...Array.from({ length: 20 }, (_, n) => submission(assignment, `run-${n + 1}`))];
    const batch = [...good.slice(0, 7), submission(assignment, 'poison', poison(first)), ...good.slice(7)];
    const outcomes = await Promise.allSettled(batch.map((each) => writer().write(each)));
    expect(outcomes.map(({ status }) => status).filter((status) => status === 'rejected')).toHaveLength(1);
    expect(outcomes[7]?.status).toBe('rejected');
    expect(await stored()).toHaveLength(21);
    expect(await counters()).toEqual({ received: 21, failed: 0 });
    expect(await earned()).toBe(21);
  });

  it('tells those whose assignment is gone, and stores the others', async () => {
    const gone = await servers[0]!.assignment(probe);
    const connection = servers[0]!.module.get<Connection>(getConnectionToken(), { strict: false });
    await connection.collection('assignments').deleteOne({ _id: gone._id });
    const answers = await Promise.all([
      writer().write(submission(assignment, 'a')),
      writer().write(submission(gone, 'a')),
      writer().write(submission(assignment, 'b')),
      writer().write(submission(gone, 'a')),
    ]);
    expect(answers).toEqual(['stored', 'assignment_gone', 'stored', 'assignment_gone']);
    expect([await stored(), await stored(gone)]).toEqual([['a', 'b'], []]);
    expect(await earned()).toBe(2);
  });

  it('keeps the result of an owner who is gone', async () => {
    const connection = servers[0]!.module.get<Connection>(getConnectionToken(), { strict: false });
    await connection.collection('users').deleteOne({ _id: owner._id });
    expect(await writer().write(submission(assignment, 'a'))).toBe('stored');
    const [result] = await servers[0]!.results(assignment.operation);
    expect(result?.paid_by).toBeUndefined();
  });

  it('names in each result the ledger entry that paid for it', async () => {
    await Promise.all(['a', 'b', 'c'].map((code) => writer().write(submission(assignment, code))));
    const results = await servers[0]!.results(assignment.operation);
    const entries = await servers[0]!.get(LedgerService).statement(owner._id, 10);
    for (const { paid_by } of results) expect(entries.map(({ reference }) => reference)).toContain(paid_by);
  });

  it('says that a run was stored before only when that is durable: after the commit of its look-up', async () => {
    const behind = new URL(mongo.uri);
    const steps = await MongoSteps.start(Number(behind.port));
    const uri = `mongodb://127.0.0.1:${steps.port}${behind.pathname}?directConnection=true`;
    const server = await AppContext.start(uri);
    try {
      await writer().write(submission(assignment, 'once'));
      const seen: string[] = [];
      steps.watch(({ command, collection, inTransaction }) => {
        if (inTransaction) seen.push(`${command} ${collection}`.trim());
        return true;
      });
      const answer = await server.get(BatchWriter).write(submission(assignment, 'once'));
      steps.rest();
      expect(answer).toBe('duplicate');
      expect(seen.slice(-2)).toEqual(['find results', 'commitTransaction']);
    } finally {
      await server.stop();
      await steps.stop();
    }
  });
});
