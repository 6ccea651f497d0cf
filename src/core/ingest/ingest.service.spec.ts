import { describe, expect, it } from '@jest/globals';
import { ObjectId } from '../../platform/database/object-id.js';
import { LimitHits } from '../../platform/limits/limit-hits.js';
import { type Env } from '../../config/env.js';
import { AssignedRuns } from '../assignments/assigned-runs.js';
import { type AssignmentEntity } from '../assignments/assignment.schema.js';
import { type AssignmentsRepository } from '../assignments/assignments.repository.js';
import { type CoverageService } from '../runs/coverage.service.js';
import { numberRuns } from '../../measurement/schedule/run-numbers.js';
import { type BatchWriter, type Written } from './batch-writer.js';
import { type Submission } from './effects.js';
import { ResultFeed } from './result-feed.js';
import { IngestService } from './ingest.service.js';
import { type ResultReport } from './report-content.js';

describe('IngestService', () => {
  const lookups: ((found: Partial<AssignmentEntity> | null) => void)[] = [];
  const stored = new Set<string>();
  const found: Partial<AssignmentEntity> = {
    probe_owner: new ObjectId(),
    ends_at: new Date(Date.now() + 60_000),
  };
  const service = new IngestService(
    {
      findOne: () => new Promise((answer) => lookups.push(answer)),
    } as unknown as AssignmentsRepository,
    {
      dutyOf: () =>
        Promise.resolve({
          kind: 'dns',
          runs: new AssignedRuns(numberRuns({ type: 'once', at: new Date(0) }), 0),
        }),
    } as unknown as CoverageService,
    {
      write: ({ result }: Submission): Promise<Written> => {
        const isNew = !stored.has(result.unique_code);
        stored.add(result.unique_code);
        return Promise.resolve(isNew ? 'stored' : 'duplicate');
      },
    } as BatchWriter,
    new ResultFeed(),
    new LimitHits(),
    { now: () => new Date() } as never,
    { ingestMaxWaitingBytes: 1e6, ingestMaxWaitingItems: 100 } as Env,
  );

  const report = (more: Partial<ResultReport> = {}): ResultReport => ({
    operation: new ObjectId(),
    probe: new ObjectId(),
    uniqueCode: 'a run',
    scheduledAt: new Date(0),
    format: 'dns',
    content: Buffer.from('{}'),
    ...more,
  });
  /** The database answers, the last question first: on several connections it may. */
  async function answerAll(answer: Partial<AssignmentEntity> | null): Promise<number> {
    await new Promise(setImmediate);
    const asked = lookups.splice(0);
    for (const each of asked.reverse()) {
      each(answer);
      await new Promise(setImmediate);
    }
    return asked.length;
  }

  it('lets the first of two equal ones be the one that is stored, and asks who is assigned once for all that come together', async () => {
    const first = report();
    const answers = [first, { ...first, uniqueCode: 'another' }, first].map((each) => service.accept(each));
    const asked = await answerAll(found);
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([
      'stored',
      'stored',
      'duplicate',
    ]);
    expect(asked).toBe(1);
  });

  it('takes room for what a result becomes as well: a small one may have a long summary', async () => {
    const [operation, probe] = [new ObjectId(), new ObjectId()];
    const query = {
      name: 'a.',
      type: 'A',
      resolver: '192.0.2.53',
      transport: 'udp',
      rtt_ms: null,
      response: null,
    };
    const queries = [{ ...query, error: 'x'.repeat(190_000) }];
    const content = Buffer.from(JSON.stringify({ version: 1, queries }));
    // together 380 KB came, and become 760 KB, of 1 MB: one alone may not have so much of it
    const answers = ['long 1', 'long 2'].map((uniqueCode) =>
      service.accept(report({ operation, probe, uniqueCode, content })),
    );
    await answerAll(found);
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(['stored', 'busy']);
    expect(service.backlog).toEqual({ bytes: 0, items: 0 });
  });

  it('asks again for one who was not assigned, and after a look-up that failed', async () => {
    const again = report({ uniqueCode: 'asked again' });
    const refused = service.accept(again);
    await answerAll(null);
    expect(await refused).toEqual({ status: 'refused', reason: 'not_assigned' });
    const failing = service.accept(again);
    await answerAll(Promise.reject(new Error('no database')) as never);
    await expect(failing).rejects.toThrow('no database');
    const taken = service.accept(again);
    expect(await answerAll(found)).toBe(1);
    expect(await taken).toEqual({ status: 'stored' });
  });
});
