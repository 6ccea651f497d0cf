import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AcknowledgementsRepository } from '../../src/core/assignments/acknowledgements.repository.js';
import { type AssignmentEntity } from '../../src/core/assignments/assignment.schema.js';
import { AssignmentsRepository } from '../../src/core/assignments/assignments.repository.js';
import { OperationCreationService } from '../../src/core/operations/operation-creation.service.js';
import { OperationsService } from '../../src/core/operations/operations.service.js';
import { ConnectedProbes, type DeliveryAnswer } from '../../src/core/presence/connected-probes.js';
import { type ProbeEntity } from '../../src/core/probes/probe.schema.js';
import { type UserEntity } from '../../src/core/users/user.schema.js';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { TransactionsService } from '../../src/platform/database/transactions.service.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { answersOf, speaking } from '../support/probe-link.js';
import { scheduleReading } from '../support/schedule-reading.js';
import { until } from '../support/until.js';

const MANY = 20;
const FIRST = new Date('2026-01-01T00:00:00Z');
const LATER = new Date('2026-01-01T00:00:01Z');

/** The time at which a probe acknowledged its assignment is shown, wherever it stands. */
describe('acknowledgements', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let server: AppContext;
  let user: UserEntity;
  let probes: ProbeEntity[];

  beforeAll(async () => {
    mongo = await testMongo();
    server = await AppContext.start(mongo.uri);
    user = await server.user(10_000);
    probes = await Promise.all(Array.from({ length: MANY }, () => server.probe(user)));
  });
  afterAll(async () => {
    await server.stop();
    await mongo.stop();
  });

  /** Assignments of one operation that its probes have, and did not acknowledge yet. */
  async function delivered(some: readonly ProbeEntity[]): Promise<AssignmentEntity[]> {
    const operation = new ObjectId();
    const delivered_at = FIRST;
    return Promise.all(some.map((probe) => server.assignment(probe, { operation, delivered_at })));
  }

  const note = (assignments: readonly AssignmentEntity[], at: Date) =>
    server.get(AcknowledgementsRepository).note(assignments, at);
  const stored = async ({ _id }: AssignmentEntity) =>
    (await server.get(AssignmentsRepository).findLive([Buffer.from(_id.id)]))[0]?.acknowledged_at;
  const shown = async ([first]: readonly AssignmentEntity[]) =>
    (await server.get(OperationsService).assignmentsOf({ _id: first!.operation }, 1_000)).map(
      ({ acknowledged_at }) => acknowledged_at,
    );

  it.each([
    ['of few probes stand in their assignments', 3, true],
    ['of many stand together', MANY, false],
  ])('%s, and are shown', async (_what, count, isWithEach) => {
    const assignments = await delivered(probes.slice(0, count));
    expect(await shown(assignments)).toEqual(assignments.map(() => undefined));
    await note(assignments, FIRST);
    for (const each of assignments) expect(await stored(each)).toEqual(isWithEach ? FIRST : undefined);
    expect(await shown(assignments)).toEqual(assignments.map(() => FIRST));
  });

  it('of several operations at once stay apart, and nobody has one who gave none', async () => {
    const [all, others, few] = [await delivered(probes), await delivered(probes), await delivered(probes)];
    await note([...all, ...others.slice(0, 10), ...few.slice(0, 2)], FIRST);
    expect(await shown(all)).toEqual(all.map(() => FIRST));
    const timeOf = (some: readonly AssignmentEntity[], each: AssignmentEntity) =>
      some.includes(each) ? FIRST : undefined;
    const inOrder = (some: readonly AssignmentEntity[]) =>
      some.toSorted((a, b) => Buffer.compare(a.probe.id, b.probe.id));
    expect(await shown(others)).toEqual(inOrder(others).map((each) => timeOf(others.slice(0, 10), each)));
    expect(await shown(few)).toEqual(inOrder(few).map((each) => timeOf(few.slice(0, 2), each)));
  });

  it('that are noted again keep their first time', async () => {
    const assignments = await delivered(probes);
    await note(assignments, FIRST);
    await note(assignments, LATER);
    expect(await shown(assignments)).toEqual(assignments.map(() => FIRST));
  });

  it('of an earlier stretch are not those of the next: a probe that was added again has another assignment', async () => {
    const operation = new ObjectId();
    const stopped = { operation, delivered_at: FIRST, state: 'stopped' as const, ended_at: LATER, owed: 1 };
    const before = await Promise.all(probes.map((probe) => server.assignment(probe, stopped)));
    await note(before, FIRST);
    const again = before.map((each): AssignmentEntity => ({
      ...each,
      ...{ _id: new ObjectId(), state: 'delivered', delivered_at: LATER },
    }));
    const byProbe = new Map(again.map((each) => [each.probe.toHexString(), each]));
    await server.get(TransactionsService).run((transaction) =>
      server.get(AssignmentsRepository).reopenAll(
        before.map(({ _id }) => _id),
        byProbe,
        transaction,
      ),
    );
    expect(await shown(again)).toEqual(again.map(() => undefined));
  });

  it('of probes that get a new operation are shown soon after', async () => {
    const connected = server.get(ConnectedProbes);
    const accepted: DeliveryAnswer = { outcome: 'accepted' };
    for (const { _id: probe } of probes)
      connected.add({
        ...speaking('classic'),
        ...{ probe, session: new ObjectId() },
        deliver: (jobs) => answersOf(jobs, accepted),
        deliverOne: () => Promise.resolve(accepted),
        stop: () => undefined,
        askToReconnect: () => undefined,
        close: () => undefined,
      });
    const { operation } = await server.get(OperationCreationService).create(user, {
      kind: 'ping',
      params: { ips: ['192.0.2.1'] },
      schedule: scheduleReading(server, { type: 'once' }),
      probes: probes.map(({ _id }) => _id),
      unknownParams: 'refuse',
      availability: 'whenever',
      visibility: 'public',
    });
    const found = await until('all are acknowledged', async () => {
      const all = await server.get(OperationsService).assignmentsOf(operation, 1_000);
      return all.every(({ acknowledged_at }) => acknowledged_at !== undefined) ? all : undefined;
    });
    expect(found.map(({ state, probe }) => [state, String(probe)]).sort()).toEqual(
      probes.map(({ _id }) => ['delivered', String(_id)]).sort(),
    );
  });
});
