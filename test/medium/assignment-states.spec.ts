import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { TransactionsService } from '../../src/platform/database/transactions.service.js';
import {
  ASSIGNMENT_STATES,
  type AssignmentEntity,
  type AssignmentState,
} from '../../src/core/assignments/assignment.schema.js';
import { AssignmentsRepository } from '../../src/core/assignments/assignments.repository.js';
import { type ProbeEntity } from '../../src/core/probes/probe.schema.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { deliveredOver } from '../support/probe-link.js';

const NOW = new Date();
const PAST = new Date(NOW.getTime() - 1000);

/** Everything that may happen to an assignment; `leadsTo` states the whole table, and what is not in it changes nothing. */
interface Change {
  what: string;
  more?: Partial<AssignmentEntity>;
  does: (assignment: AssignmentEntity, context: AppContext) => Promise<unknown>;
  leadsTo: Partial<Record<AssignmentState, AssignmentState>>;
}

const repository = (context: AppContext) => context.get(AssignmentsRepository);
const inTransaction = (context: AppContext) => context.get(TransactionsService);
const arrive =
  (...outcomes: ('stored' | 'failed')[]) =>
  (assignment: AssignmentEntity, context: AppContext) =>
    context.report(assignment, ...outcomes);
const stop = ({ operation, probe }: AssignmentEntity, context: AppContext) =>
  inTransaction(context).run((transaction) =>
    repository(context).markStopped(operation, NOW, [{ probes: [probe], owed: 0 }], transaction),
  );

const refuse = (assignment: AssignmentEntity, context: AppContext) =>
  inTransaction(context).run((transaction) =>
    repository(context).markRefused([{ assignment, reason: 'policy', owed: 0 }], NOW, transaction),
  );

const CHANGES: Change[] = [
  {
    what: 'a native probe acknowledges it',
    does: ({ _id }, context) => repository(context).markDelivered([_id], NOW, deliveredOver('native')),
    leadsTo: { pending: 'delivered' },
  },
  {
    what: 'it is claimed for a classic probe',
    does: ({ _id }, context) => repository(context).claim([_id], 'a', NOW, deliveredOver('classic')),
    leadsTo: { pending: 'delivered' },
  },
  {
    what: 'a classic probe left between claim and sending',
    does: ({ _id }, context) => repository(context).releaseClaims([_id]),
    leadsTo: { delivered: 'pending' },
  },
  {
    what: 'the probe refuses it',
    does: refuse,
    leadsTo: { pending: 'refused', delivered: 'refused' },
  },
  {
    what: 'the user stops the operation',
    does: stop,
    leadsTo: { pending: 'stopped', delivered: 'stopped' },
  },
  {
    what: 'its last run is stored',
    does: arrive('stored', 'stored'),
    leadsTo: { pending: 'done', delivered: 'done' },
  },
  {
    what: 'its last run is failed',
    does: arrive('stored', 'failed'),
    leadsTo: { pending: 'done', delivered: 'done' },
  },
  { what: 'one of its runs is stored', does: arrive('stored'), leadsTo: {} },
  {
    what: 'its time is over',
    more: { ends_at: PAST },
    does: (_assignment, context) => repository(context).closeEnded(NOW),
    leadsTo: { pending: 'expired', delivered: 'done' },
  },
  {
    what: 'time passes before its end',
    does: (_assignment, context) => repository(context).closeEnded(NOW),
    leadsTo: {},
  },
];

/** Rows of the table in docs/protocol.md: `from -> to`. */
function documented(): string[] {
  const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
  const [, section = ''] = /## States of an assignment\n([^]*?)(\n## |$)/.exec(page) ?? [];
  const rows = section.split('\n').filter((line) => line.startsWith('| `') || line.startsWith('| |'));
  return rows.flatMap((row) => {
    const [, from = '', to = ''] = row.split('|');
    const names = (cell: string) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name ?? '');
    return names(from).flatMap((before) => names(to).map((after) => `${before} -> ${after}`));
  });
}

describe('the states of an assignment', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let context: AppContext;
  let probe: ProbeEntity;

  beforeAll(async () => {
    mongo = await testMongo();
    context = await AppContext.start(mongo.uri);
    probe = await context.probe(await context.user());
  });
  afterAll(async () => {
    await context.stop();
    await mongo.stop();
  });

  const stateOf = async ({ operation }: AssignmentEntity) =>
    (await repository(context).findOne(operation, probe._id))?.state;

  it.each(CHANGES.flatMap((change) => ASSIGNMENT_STATES.map((from) => ({ ...change, from }))))(
    '$from: $what',
    async ({ from, more, does, leadsTo }) => {
      const assignment = await context.assignment(probe, { state: from, due: 2, ...more });
      await does(assignment, context);
      expect(await stateOf(assignment)).toBe(leadsTo[from] ?? from);
    },
  );

  it('change as docs/protocol.md says, and in no other way', () => {
    const walked = CHANGES.flatMap(({ leadsTo }) =>
      Object.entries(leadsTo).map(([from, to]) => `${from} -> ${to}`),
    );
    expect([...new Set(walked)].sort()).toEqual([...new Set(documented())].sort());
  });

  it('are changed once by two at the same time', async () => {
    const assignment = await context.assignment(probe, { state: 'pending' });
    const { _id } = assignment;
    await Promise.all([
      refuse(assignment, context),
      repository(context).markDelivered([_id], NOW, deliveredOver('native')),
      stop(assignment, context),
    ]);
    const end = await repository(context).findOne(assignment.operation, probe._id);
    expect(['refused', 'stopped']).toContain(end?.state);
    if (end?.state === 'stopped') expect(end).not.toHaveProperty('reason');
  });
});
