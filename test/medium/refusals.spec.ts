import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import { type Connection } from 'mongoose';
import { type AssignmentEntity } from '../../src/core/assignments/assignment.schema.js';
import { AssignmentsRepository } from '../../src/core/assignments/assignments.repository.js';
import { type OperationEntity } from '../../src/core/assignments/operation.schema.js';
import { OperationsRepository } from '../../src/core/assignments/operations.repository.js';
import { DispatchService } from '../../src/core/delivery/dispatch.service.js';
import { LedgerService } from '../../src/core/ledger/ledger.service.js';
import { OperationCreationService } from '../../src/core/operations/operation-creation.service.js';
import { OperationsService } from '../../src/core/operations/operations.service.js';
import {
  ConnectedProbes,
  type DeliveryAnswer,
  type ProbeLink,
} from '../../src/core/presence/connected-probes.js';
import { type ProbeEntity } from '../../src/core/probes/probe.schema.js';
import { type UserEntity } from '../../src/core/users/user.schema.js';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { answersOf, speaking } from '../support/probe-link.js';
import { until } from '../support/until.js';
import { scheduleReading } from '../support/schedule-reading.js';

const HOUR_MS = 3_600_000;
const REFUSED: DeliveryAnswer = { outcome: 'refused', reason: 'a classic probe cannot be told this' };

type Protocol = 'native' | 'classic';

/** What is charged is what runs: docs/protocol.md, "What a stop or a refusal pays back". */
describe('what a probe will not do, or must not begin yet', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let server: AppContext;
  let user: UserEntity;
  let probe: ProbeEntity;
  let given: string[];

  beforeAll(async () => {
    mongo = await testMongo();
    server = await AppContext.start(mongo.uri);
  });
  beforeEach(async () => {
    user = await server.user(10_000);
    probe = await server.probe(user);
    given = [];
  });
  afterEach(() => {
    server.get(ConnectedProbes).closeAll();
  });
  afterAll(async () => {
    await server.stop();
    await mongo.stop();
  });

  function link(protocol: Protocol, answer: DeliveryAnswer, who = probe): ProbeLink {
    return {
      ...speaking(protocol),
      probe: who._id,
      session: new ObjectId(),
      deliver: (jobs) => {
        given.push(...jobs.map(({ operation }) => operation.toHexString()));
        return answersOf(jobs, answer);
      },
      stop: () => undefined,
      askToReconnect: () => undefined,
      close: () => undefined,
    };
  }

  /** Ten runs, one a minute, of two credits each. */
  async function create(startInMs: number, probes = [probe]): Promise<OperationEntity> {
    const start = new Date(Math.floor(Date.now() / 60_000) * 60_000 + startInMs);
    const { operation } = await server.get(OperationCreationService).create(user, {
      kind: 'ping',
      params: { ips: ['192.0.2.1', '192.0.2.2'] },
      schedule: scheduleReading(server, {
        ...{ type: 'cron', cron: '* * * * *', start: start.toISOString() },
        stop: new Date(start.getTime() + 10 * 60_000 + 1_000).toISOString(),
      }),
      probes: probes.map(({ _id }) => _id),
      unknownParams: 'refuse',
      availability: 'whenever',
      visibility: 'public',
    });
    return operation;
  }

  const assignment = async ({ _id }: OperationEntity, who = probe) =>
    (await server.get(AssignmentsRepository).findOne(_id, who._id))!;
  const change = async (operation: OperationEntity, $set: Partial<AssignmentEntity>) =>
    server.module
      .get<Connection>(getConnectionToken(), { strict: false })
      .collection('assignments')
      .updateOne({ operation: operation._id, probe: probe._id }, { $set });
  const refunds = async () =>
    (await server.get(LedgerService).statement(user._id, 100)).filter(({ reason }) => reason === 'refund');
  const stored = async ({ _id }: OperationEntity) => (await server.get(OperationsRepository).findById(_id))!;

  it('is paid back whole to the user where a classic probe that comes later cannot be told it', async () => {
    const operation = await create(0);
    expect(await server.balance(user)).toBe(10_000 - 20);
    await server.get(DispatchService).probeConnected(link('classic', { ...REFUSED, isUntold: true }));
    expect(await assignment(operation)).toMatchObject({ state: 'refused', owed: 0 });
    expect(await server.balance(user)).toBe(10_000);
    expect(await refunds()).toMatchObject([{ amount: 20, balance_after: 10_000 }]);
    expect((await stored(operation)).refunded).toBe(20);
    // a result that comes all the same is not paid for by anybody
    await server.report(await assignment(operation), 'stored');
    expect(await assignment(operation)).toMatchObject({ received: 0, uncounted_received: 1 });
  });

  it('is paid back but for what was due while a native probe had it, and for what counts', async () => {
    const operation = await create(0);
    const before = new Date(operation.created_at.getTime() - 4 * 60_000);
    await change(operation, {
      state: 'delivered',
      delivered_over: 'native',
      delivered_at: before,
      received: 3,
    });
    await server.get(DispatchService).probeConnected(link('native', REFUSED));
    expect(await assignment(operation)).toMatchObject({ state: 'refused', owed: 3 });
    expect(await refunds()).toMatchObject([{ amount: 14 }]);
  });

  it('is paid back once, whoever refuses it how often, and with a stop of the others', async () => {
    const others = [await server.probe(user), await server.probe(user)];
    const operation = await create(60_000, [probe, ...others]);
    const dispatch = server.get(DispatchService);
    await Promise.all([
      ...[1, 2, 3].map(() => dispatch.probeConnected(link('native', REFUSED))),
      dispatch.probeConnected(link('native', REFUSED, others[0])),
    ]);
    expect(await server.balance(user)).toBe(10_000 - 20);
    await server.get(OperationsService).stop(operation._id, user);
    expect(await server.balance(user)).toBe(10_000);
    expect((await stored(operation)).refunded).toBe(60);
    expect((await refunds()).reduce((sum, { amount }) => sum + amount, 0)).toBe(60);
  });

  it('is not given to a classic probe before the minute in which it begins; a native one has it at once', async () => {
    const operation = await create(HOUR_MS);
    const from = (await assignment(operation)).not_before!;
    expect(from.getTime()).toBe(Math.floor(Date.now() / 60_000) * 60_000 + HOUR_MS + 2_000);
    const dispatch = server.get(DispatchService);
    const classic = link('classic', { outcome: 'accepted' });
    server.get(ConnectedProbes).add(classic);
    await dispatch.probeConnected(classic);
    await change(operation, { created_at: new Date(Date.now() - 60_000) });
    await dispatch.deliverOverdue();
    expect([given, (await assignment(operation)).state]).toEqual([[], 'pending']);
    const here = await create(HOUR_MS);
    expect((await assignment(here)).state).toBe('pending');

    await change(operation, { not_before: new Date() });
    await dispatch.deliverOverdue();
    await until('it has the job', () => given.length > 0);
    expect(given).toEqual([operation._id.toHexString()]);

    given = [];
    await dispatch.probeConnected(link('native', { outcome: 'accepted' }));
    expect(given).toContain(here._id.toHexString());
  });
});
