import mongoose from 'mongoose';
import { PackReader } from '../../src/derived/series/packed.js';
import { TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import {
  type AccountFact,
  type AssignmentFact,
  type ChangesFact,
  type Discrepancy,
  type LedgerFact,
  type ResultFact,
  type State,
  type TailFact,
} from './audit/evidence.js';
import { type ChangeEntity } from '../../src/derived/changes/change.schema.js';
import { DETECTION_FIELDS, type DetectionResult } from '../../src/derived/changes/detection.js';
import { FactsOfApi, type FactsOfOperations } from './facts-of-api.js';
import { replayChanges, sightingText } from './changes.js';
import { digestOf } from './probes/diary.js';
import { standingOf, whileStill } from './while-still.js';
import { demand, type User } from './users.js';

/** An attempt to deliver that broke off is made again after its lease, by the sweep. */
const DELIVERED_MS = 180_000;

interface Facts extends FactsOfOperations {
  readAt: number;
  results: ResultFact[];
  tail: TailFact;
  changes: ChangesFact;
  ledger: LedgerFact[];
  assignments: AssignmentFact[];
  accounts: AccountFact[];
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
        readAt: Date.now(),
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
    if ((await database.collection('results').findOne({ unnumbered: true })) !== null) return false;
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
