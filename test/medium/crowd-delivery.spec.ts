import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { AssignmentsRepository } from '../../src/core/assignments/assignments.repository.js';
import { DispatchService } from '../../src/core/delivery/dispatch.service.js';
import { OperationsRepository } from '../../src/core/assignments/operations.repository.js';
import { OperationCreationService } from '../../src/core/operations/operation-creation.service.js';
import { type DeliveryAnswer, type ProbeLink } from '../../src/core/presence/connected-probes.js';
import { type ProbeEntity } from '../../src/core/probes/probe.schema.js';
import { type UserEntity } from '../../src/core/users/user.schema.js';
import { AppContext } from '../support/app-context.js';
import { answersOf, speaking } from '../support/probe-link.js';
import { testMongo } from '../support/mongod.js';
import { scheduleReading } from '../support/schedule-reading.js';

const CROWD = 40;

type Protocol = 'native' | 'classic';

/** What many probes that come at once have to do is read together, and stays apart. */
describe('delivery to a crowd', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let server: AppContext;
  let user: UserEntity;
  let probes: ProbeEntity[];

  beforeAll(async () => {
    mongo = await testMongo();
    server = await AppContext.start(mongo.uri);
    user = await server.user(10_000);
    probes = await Promise.all(Array.from({ length: CROWD }, () => server.probe(user)));
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(async () => {
    await server.stop();
    await mongo.stop();
  });

  async function operationOn(some: readonly ProbeEntity[]): Promise<string> {
    const { operation } = await server.get(OperationCreationService).create(user, {
      kind: 'ping',
      params: { ips: ['192.0.2.1'] },
      schedule: scheduleReading(server, { type: 'once' }),
      probes: some.map(({ _id }) => _id),
      unknownParams: 'refuse',
      availability: 'whenever',
      visibility: 'public',
    });
    return operation._id.toHexString();
  }

  function link(
    { _id: probe }: ProbeEntity,
    protocol: Protocol,
    given: Map<string, string[]>,
    answer: DeliveryAnswer = { outcome: 'accepted' },
  ): ProbeLink {
    return {
      ...speaking(protocol),
      probe,
      session: new ObjectId(),
      deliver: (jobs) => {
        given.set(
          probe.toHexString(),
          jobs.map(({ operation }) => operation.toHexString()),
        );
        return answersOf(jobs, answer);
      },
      stop: () => undefined,
      askToReconnect: () => undefined,
      close: () => undefined,
    };
  }

  const comeAll = (links: readonly ProbeLink[]) =>
    Promise.all(links.map((each) => server.get(DispatchService).probeConnected(each)));

  it('gives each its own, in few commands; a native one all that it has, a classic one what it never got', async () => {
    const half = CROWD / 2;
    const toAll = await operationOn(probes);
    const toSome = await operationOn(probes.slice(0, half));
    const protocolOf = (index: number): Protocol => (index % 2 === 0 ? 'native' : 'classic');
    const reads = [
      jest.spyOn(server.get(AssignmentsRepository), 'findLiveOfProbes'),
      jest.spyOn(server.get(OperationsRepository), 'findByIds'),
    ];
    for (const round of ['first', 'second']) {
      const given = new Map<string, string[]>();
      await comeAll(probes.map((probe, index) => link(probe, protocolOf(index), given)));
      for (const [index, { _id }] of probes.entries()) {
        const own = index < half ? [toAll, toSome] : [toAll];
        const isNew = round === 'first' || protocolOf(index) === 'native';
        expect([index, given.get(_id.toHexString())]).toEqual([index, isNew ? own : undefined]);
      }
    }
    for (const read of reads) expect(read.mock.calls.length).toBeLessThan(CROWD / 2);
  });

  it('notes what native ones accepted, and only what was not noted before', async () => {
    const made = await operationOn(probes);
    const notes = jest.spyOn(server.get(AssignmentsRepository), 'markDelivered');
    const links = (answer?: DeliveryAnswer) =>
      probes.map((probe, index) => link(probe, 'native', new Map(), index === 0 ? answer : undefined));
    const states = async () =>
      (await server.get(AssignmentsRepository).findByOperation(new ObjectId(made))).map(
        ({ state, acknowledged_at }) => [state, acknowledged_at !== undefined],
      );
    await comeAll(links({ outcome: 'silent' }));
    const silent = probes[0]!._id;
    const found = await server.get(AssignmentsRepository).findOne(new ObjectId(made), silent);
    expect(found?.state).toBe('pending');
    expect((await states()).filter(([state]) => state === 'delivered')).toHaveLength(CROWD - 1);
    await comeAll(links());
    expect(await states()).toEqual(probes.map(() => ['delivered', true]));
    notes.mockClear();
    await comeAll(links());
    expect(notes.mock.calls.flatMap(([ids]) => ids)).toEqual([]);
  });
});
