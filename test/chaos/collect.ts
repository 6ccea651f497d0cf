import mongoose from 'mongoose';
import { PackReader } from '../../src/derived/series/packed.js';
import { TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import {
  type AccountFact,
  type AssignmentFact,
  type ChangesFact,
  type CountedRuns,
  type CoverageFact,
  type Discrepancy,
  type LedgerFact,
  type OperationFact,
  type ResultFact,
  type RunFates,
  type State,
  type TailFact,
} from './audit/evidence.js';
import { type Schedule } from '../../probe/src/protocol/protocol.js';
import { type ChangeEntity } from '../../src/derived/changes/change.schema.js';
import { DETECTION_FIELDS, type DetectionResult } from '../../src/derived/changes/detection.js';
import { replayChanges, sightingText } from './changes.js';
import { coverageFact, type CoverageAnswer } from './observer.js';
import { digestOf } from './probes/diary.js';
import { demand, type User } from './users.js';

/** An attempt to deliver that broke off is made again after its lease, by the sweep. */
const DELIVERED_MS = 180_000;
/** What is read is read again so often at the most. */
const MOST_ROUNDS = 50;

interface Facts {
  results: ResultFact[];
  tail: TailFact;
  changes: ChangesFact;
  ledger: LedgerFact[];
  assignments: AssignmentFact[];
  accounts: AccountFact[];
  operations: OperationFact[];
  coverage: CoverageFact[];
  runFates: RunFates[];
}

type Document = Record<string, unknown>;
const timeIn = (value: unknown): number | undefined => (value instanceof Date ? value.getTime() : undefined);
const textIn = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** What the platform says when all is over: by its API, at both servers in turn, and what is in its database. */
export async function collectFacts(
  servers: readonly string[],
  databaseUri: string,
  users: readonly User[],
  natives: ReadonlySet<string>,
): Promise<Facts> {
  const database = new TestDatabase(databaseUri);
  const read = async <T>(name: string, fact: (document: Document) => T): Promise<T[]> => {
    const facts: T[] = [];
    for await (const document of database.collection(name).find()) facts.push(fact(document));
    return facts;
  };
  try {
    await untilTailed(servers, database);
    const [entries, minutes] = [
      await read('tail_log', ({ _id, results }) => ({ last: Number(_id), ids: idsIn(results) })),
      await read('activity', ({ stored, failed }) => ({ stored: Number(stored), failed: Number(failed) })),
    ];
    const generation = await database.collection('rollup_generations').findOne({ _id: 'all' as never });
    const rolledUp = await read('rollups', (rollup) => ({
      ...rollupFact(rollup),
      generation: Number(rollup['generation']),
    }));
    const api = new FactsOfApi(servers, users, database);
    // results that came before their time go on being counted and paid when it has come
    const {
      read: { accounts, owners, ...stored },
    } = await whileStill(
      () => standingOf(database),
      async () => ({
        results: await read('results', resultFact),
        ledger: await read('ledger', ledgerFact),
        assignments: await read('assignments', assignmentFact),
        owners: await read('operations', ({ _id, owner }) => ({ id: String(_id), owner: String(owner) })),
        accounts: await Promise.all(
          (await read('users', ({ _id, credits }) => ({ user: String(_id), balance: Number(credits) }))).map(
            (each) => api.account(each),
          ),
        ),
      }),
    );
    const order = entries.sort((a, b) => a.last - b.last);
    return {
      ...stored,
      accounts,
      tail: {
        order: order.flatMap(({ ids }) => ids),
        counted: {
          stored: minutes.reduce((sum, { stored }) => sum + stored, 0),
          failed: minutes.reduce((sum, { failed }) => sum + failed, 0),
        },
        rolledUp: rolledUp.filter((each) => each.generation === Number(generation?.['generation'] ?? 0)),
      },
      changes: await changesFact(
        database,
        order.flatMap(({ ids }) => ids),
      ),
      ...(await api.operations(owners, stored.assignments, natives)),
    };
  } finally {
    await database.close();
  }
}

/** What is counted, or paid, of all operations or of one: it moves with every run that is counted. */
async function standingOf(
  database: Pick<TestDatabase, 'collection'>,
  operation?: string,
): Promise<CountedRuns> {
  const own = operation === undefined ? {} : { operation: new mongoose.mongo.ObjectId(operation) };
  const sums = { received: { $sum: '$received' }, failed: { $sum: '$failed' } };
  const [counted] = await database
    .collection('assignments')
    .aggregate<CountedRuns>([{ $match: own }, { $group: { _id: null, ...sums } }])
    .toArray();
  return { received: counted?.received ?? 0, failed: counted?.failed ?? 0 };
}

/**
 * Reads again until nothing was counted meanwhile, so that all that is read is of one moment.
 * @throws when something always was
 */
async function whileStill<T>(
  standing: () => Promise<CountedRuns>,
  read: () => Promise<T>,
): Promise<{ counted: CountedRuns; read: T }> {
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const before = await standing();
    const what = await read();
    const after = await standing();
    if (before.received === after.received && before.failed === after.failed)
      return { counted: after, read: what };
  }
  throw new Error(`runs were counted in each of ${MOST_ROUNDS} rounds in which the account was read`);
}

/** @returns when every operation that is not over has reached these probes. */
export async function untilDelivered(databaseUri: string, probes: readonly string[]): Promise<void> {
  const database = new TestDatabase(databaseUri);
  const waiting = {
    probe: { $in: probes.map((probe) => new mongoose.mongo.ObjectId(probe)) },
    state: 'pending',
  };
  try {
    await until(
      'every operation to reach its probes',
      async () => {
        const first = await database
          .collection('assignments')
          .findOne({ ...waiting, ends_at: { $gt: new Date() } });
        return first === null;
      },
      DELIVERED_MS,
    );
  } finally {
    await database.close();
  }
}

/** Adds to what is wrong with who is connected what the database has of these connections. */
export async function withConnections(
  databaseUri: string,
  found: readonly (Discrepancy & { probe: string })[],
): Promise<Discrepancy[]> {
  const database = new TestDatabase(databaseUri);
  try {
    return await Promise.all(
      found.map(async ({ kind, what, probe }) => {
        const { ObjectId } = mongoose.mongo;
        const document = await database.collection('probes').findOne({ _id: new ObjectId(probe) });
        const sessions = await database
          .collection('sessions')
          .find({ probe: new ObjectId(probe) })
          .sort({ from: -1 })
          .limit(3)
          .toArray();
        return {
          kind,
          what: `${what}: ${JSON.stringify({ connection: document?.['connection'] as unknown, sessions })}`,
        };
      }),
    );
  } finally {
    await database.close();
  }
}

/** @returns when all servers say that everything is in the tail, and done by its consumers */
async function untilTailed(servers: readonly string[], database: TestDatabase): Promise<void> {
  await until('the results tail to be read to its end', async () => {
    if ((await database.collection('tail_outbox').findOne()) !== null) return false;
    const [last] = await database.collection('tail_log').find().sort({ _id: -1 }).limit(1).toArray();
    const rollups = await database.collection('tail_positions').findOne({ _id: 'rollups' as never });
    if (Number(rollups?.['at'] ?? 0) !== Number(last?._id ?? 0)) return false;
    const changes = await database.collection('tail_positions').findOne({ _id: 'changes' as never });
    if (Number(changes?.['at'] ?? 0) !== Number(last?._id ?? 0)) return false;
    const answers = await Promise.all(
      servers.map((server) =>
        demand<{ results: number; behind: { results: number } }>('GET', `${server}/api/v1/stats`),
      ),
    );
    return answers.every(({ behind }) => behind.results === 0);
  });
}

/** 12 bytes each (src/core/ingest/tail-log.schema.ts). */
function idsIn(packed: unknown): string[] {
  const hex = Buffer.from((packed as mongoose.mongo.Binary).buffer).toString('hex');
  return hex.match(/.{24}/g) ?? [];
}

function resultFact(document: Document): ResultFact {
  const raw = document['raw'] as { buffer: Uint8Array; length(): number } | undefined;
  const failure = document['failure'] as { reason: string } | undefined;
  return {
    id: String(document['_id']),
    operation: String(document['operation']),
    probe: String(document['probe']),
    code: String(document['unique_code']),
    outcome: document['outcome'] as ResultFact['outcome'],
    digest:
      failure?.reason ?? digestOf(raw === undefined ? Buffer.alloc(0) : raw.buffer.subarray(0, raw.length())),
    offSchedule: document['off_schedule'] === true,
    entries: entriesOf(document),
    counted: document['uncounted'] !== true,
    receivedAt: timeIn(document['received_at']) ?? 0,
    paidBy: textIn(document['paid_by']),
  };
}

/** As many as the summary has, where the result is of a run (src/derived/series/observations.ts). */
function entriesOf(document: Document): number {
  const isOfRun = document['scheduled_at'] !== undefined || document['uncounted'] !== true;
  if (document['outcome'] !== 'stored' || document['off_schedule'] === true || !isOfRun) return 0;
  return (document['summary'] as unknown[] | undefined)?.length ?? 0;
}

/** How many entries a cell has stands at its beginning. */
function rollupFact({ operation, probe, total }: Document): TailFact['rolledUp'][number] {
  const packed = (total as mongoose.mongo.Binary).buffer;
  return {
    operation: String(operation),
    probe: probe instanceof mongoose.mongo.ObjectId ? String(probe) : null,
    entries: new PackReader(packed).count(),
  };
}

async function changesFact(database: TestDatabase, order: readonly string[]): Promise<ChangesFact> {
  const results = new Map<string, DetectionResult>();
  const fields = Object.fromEntries(['operation', 'probe', ...DETECTION_FIELDS].map((field) => [field, 1]));
  const found = database.collection('results').find<DetectionResult>({}, { projection: fields });
  for await (const result of found) results.set(result._id.toHexString(), result);
  const changes = await database
    .collection('changes')
    .find<ChangeEntity>({ type: { $ne: 'quiet' } })
    .toArray();
  const sightings = changes.flatMap(({ probes, ...change }) =>
    probes.map((seen) => ({ ...change, ...seen })),
  );
  return {
    found: sightings.map((seen) => sightingText(seen, seen.type, seen.destination, seen.since)),
    replayed: replayChanges(order.flatMap((id) => results.get(id) ?? [])),
    results: sightings.flatMap(({ first_result, result_before }) =>
      [first_result, result_before].filter((id) => id !== undefined).map(String),
    ),
  };
}

function ledgerFact(document: Document): LedgerFact {
  return {
    user: String(document['user']),
    amount: Number(document['amount']),
    balanceAfter: Number(document['balance_after']),
    reason: String(document['reason']),
    reference: String(document['reference']),
  };
}

function assignmentFact(document: Document): AssignmentFact {
  return {
    operation: String(document['operation']),
    probe: String(document['probe']),
    state: document['state'] as State,
    due: Number(document['due']),
    received: Number(document['received']),
    failed: Number(document['failed']),
    extra: Number(document['extra'] ?? 0),
    ...(document['owed'] !== undefined && { owed: Number(document['owed']) }),
    deliveredAt: timeIn(document['delivered_at']),
    deliveredOver: textIn(document['delivered_over']),
    endsAt: timeIn(document['ends_at']) ?? 0,
  };
}

interface OperationAnswer {
  id: string;
  owner_id: string;
  schedule: Schedule & { spread_s?: number };
  cost_per_run: number;
  runs_per_probe: number;
  credits: number;
  refunded: number | null;
  probe_count: number;
  progress: { due: number; received: number; failed: number };
  stopped_at: string | null;
}

interface Page<T> {
  items: T[];
  next: string | null;
}

class FactsOfApi {
  private readonly tokens: Map<string, string>;
  private asked = 0;

  constructor(
    private readonly servers: readonly string[],
    users: readonly User[],
    private readonly database: Pick<TestDatabase, 'collection'>,
  ) {
    this.tokens = new Map(users.map(({ id, token }) => [id, token]));
  }

  /** A superuser who owns nothing has no token here: what the database says is all that there is. */
  async account({ user, balance }: { user: string; balance: number }): Promise<AccountFact> {
    const token = this.tokens.get(user);
    if (token === undefined) return { user, balance, shown: [], statement: balance };
    const shown = await Promise.all(
      this.servers.map((server) =>
        demand<{ credits: number }>('GET', `${server}/api/v1/users/me`, { token }),
      ),
    );
    const entries = await this.pages<{ amount: number }>('/api/v1/users/me/ledger?limit=1000', token);
    return {
      user,
      balance,
      shown: shown.map(({ credits }) => credits),
      statement: entries.reduce((sum, { amount }) => sum + amount, 0),
    };
  }

  async operations(
    owners: readonly { id: string; owner: string }[],
    assignments: readonly AssignmentFact[],
    natives: ReadonlySet<string>,
  ): Promise<Pick<Facts, 'operations' | 'coverage' | 'runFates'>> {
    const operations: OperationFact[] = [];
    const coverage: CoverageFact[] = [];
    const runFates: RunFates[] = [];
    for (const { id, owner } of owners) {
      const token = this.tokens.get(owner) ?? '';
      const path = `/api/v1/operations/${id}`;
      const account = `${path}/coverage?limit=1000`;
      operations.push(await this.operation(id, path, token));
      coverage.push(coverageFact(id, await this.get<CoverageAnswer>(account, token)));
      for (const { operation, probe } of assignments) {
        if (operation !== id || !natives.has(probe)) continue;
        const { at, buckets } = await this.get<CoverageAnswer>(`${account}&probe=${probe}&bucket_s=1`, token);
        runFates.push({
          operation: id,
          probe,
          at: Date.parse(at),
          buckets: buckets.map((bucket) => ({ ...bucket, from: Date.parse(bucket.from) })),
        });
      }
    }
    return { operations, coverage, runFates };
  }

  private async operation(id: string, path: string, token: string): Promise<OperationFact> {
    const { counted, read: answer } = await whileStill(
      () => standingOf(this.database, id),
      () => this.get<OperationAnswer>(path, token),
    );
    const listed = await this.pages<unknown>(`${path}/results?limit=1000`, token);
    return {
      id: answer.id,
      owner: answer.owner_id,
      schedule: answer.schedule,
      spreadS: answer.schedule.spread_s ?? 0,
      costPerRun: answer.cost_per_run,
      runsPerProbe: answer.runs_per_probe,
      credits: answer.credits,
      probes: answer.probe_count,
      stoppedAt: answer.stopped_at === null ? undefined : Date.parse(answer.stopped_at),
      refunded: answer.refunded ?? undefined,
      progress: answer.progress,
      counted,
      listed: listed.length,
    };
  }

  private async pages<T>(path: string, token: string): Promise<T[]> {
    const all: T[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Page<T> = await this.get(cursor === '' ? path : `${path}&cursor=${cursor}`, token);
      all.push(...page.items);
      cursor = page.next;
    }
    return all;
  }

  /** At each server in turn. */
  private get<T>(path: string, token: string): Promise<T> {
    this.asked += 1;
    return demand<T>('GET', `${this.servers[this.asked % this.servers.length] ?? ''}${path}`, { token });
  }
}
