import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import { type Connection } from 'mongoose';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { AssignmentsRepository } from '../../src/core/assignments/assignments.repository.js';
import { DispatchService } from '../../src/core/delivery/dispatch.service.js';
import { OperationChanges } from '../../src/core/delivery/operation-changes.js';
import { OperationCreationService } from '../../src/core/operations/operation-creation.service.js';
import { OperationsService } from '../../src/core/operations/operations.service.js';
import { type Redelivery } from '../../src/core/delivery/redelivery.js';
import {
  ConnectedProbes,
  type DeliveryAnswer,
  type Job,
  type ProbeLink,
} from '../../src/core/presence/connected-probes.js';
import { type ProbeEntity } from '../../src/core/probes/probe.schema.js';
import { type UserEntity } from '../../src/core/users/user.schema.js';
import { AppContext } from '../support/app-context.js';
import { answersOf, deliveredOver, speaking } from '../support/probe-link.js';
import { testMongo } from '../support/mongod.js';
import { until } from '../support/until.js';
import { withWrongClock } from '../support/wrong-clock.js';
import { scheduleReading } from '../support/schedule-reading.js';

const DAY_MS = 86_400_000;

type Protocol = 'native' | 'classic';

/** Two servers that both believe to have the probe: after a network failure, or while it changes from one to the other. */
describe('dispatch', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let servers: AppContext[];
  let user: UserEntity;
  let probe: ProbeEntity;
  let given: string[];

  beforeAll(async () => {
    mongo = await testMongo();
    servers = [await AppContext.start(mongo.uri), await AppContext.start(mongo.uri)];
    user = await servers[0]!.user(1000);
  });
  beforeEach(async () => {
    probe = await servers[0]!.probe(user);
    given = [];
  });
  afterAll(async () => {
    for (const server of servers) await server.stop();
    await mongo.stop();
  });

  function link(protocol: Protocol, answer: DeliveryAnswer = { outcome: 'accepted' }): ProbeLink {
    return {
      ...speaking(protocol),
      probe: probe._id,
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

  async function operations(count: number, inMs = 0): Promise<string[]> {
    const made: string[] = [];
    for (let n = 0; n < count; n += 1) {
      const { operation } = await servers[0]!.get(OperationCreationService).create(user, {
        kind: 'ping',
        params: { ips: ['192.0.2.1'] },
        schedule: scheduleReading(servers[0]!, (now) => ({
          ...{ type: 'once', at: new Date(now.getTime() + inMs).toISOString() },
        })),
        probes: [probe._id],
        unknownParams: 'refuse',
        availability: 'whenever',
        visibility: 'public',
      });
      made.push(operation._id.toHexString());
    }
    return made;
  }

  const state = async (operation: string) =>
    (await servers[0]!.get(AssignmentsRepository).findOne(new ObjectId(operation), probe._id))?.state;
  const connect = (each: ProbeLink) =>
    Promise.all(servers.map((server) => server.get(DispatchService).probeConnected(each)));

  it('gives a classic probe each job once, whichever servers try', async () => {
    const made = await operations(8);
    await Promise.all([connect(link('classic')), connect(link('classic'))]);
    expect(given.sort()).toEqual(made.sort());
  });

  it('does not give a classic probe again what it did not acknowledge', async () => {
    const [made] = await operations(1);
    await connect(link('classic', { outcome: 'silent' }));
    await connect(link('classic'));
    expect(given).toEqual([made]);
    expect(await state(made!)).toBe('delivered');
  });

  it('gives a classic probe what it was not sent, because it left after the claim', async () => {
    const [made] = await operations(1);
    await connect(link('classic', { outcome: 'unsent' }));
    expect(await state(made!)).toBe('pending');
    given = [];
    await connect(link('classic'));
    expect(given).toEqual([made]);
    expect(await state(made!)).toBe('delivered');
  });

  it('finds what is overdue for those who are here, however much waits for those who are away', async () => {
    const away = probe;
    await operations(3);
    probe = await servers[0]!.probe(user);
    const [made] = await operations(1);
    const now = new Date();
    const soon = { canBeOffset: true, createdBefore: new Date(now.getTime() + 1000), now };
    const repository = servers[0]!.get(AssignmentsRepository);
    const found = await repository.findOverdue({ ...soon, probe: probe._id }, 2);
    expect(found.map(({ operation }) => String(operation))).toEqual([made]);
    expect(await repository.findOverdue({ ...soon, probe: away._id }, 2)).toHaveLength(2);
  });

  it.each([
    // what Globalping's probes are like: the server keeps their schedule
    ['one that has no schedule of its own', { schedulesItself: false }, 15, 3],
    ['one that cannot be told of an end', { canBeStopped: false }, 29, 0],
  ])('goes by what a probe can, whatever its protocol is called: %s', async (_what, less, bits, refunded) => {
    const dispatch = servers[0]!.get(DispatchService);
    const { capabilities } = speaking('native');
    const other = { ...link('native'), protocol: 'another', capabilities: { ...capabilities, ...less } };
    const before = (await servers[0]!.balance(user))!;
    const made = await operations(3, DAY_MS);
    await dispatch.probeConnected(other);
    await dispatch.probeConnected(other);
    expect(given.sort()).toEqual([...made, ...made].sort());
    const assignments = servers[0]!.get(AssignmentsRepository);
    for (const operation of made) {
      expect(await assignments.findOne(new ObjectId(operation), probe._id)).toMatchObject({
        ...{ state: 'delivered', delivered_over: 'another', delivered_with: bits },
      });
      await servers[0]!.get(OperationsService).stop(new ObjectId(operation), user);
    }
    const spent = 3 - refunded;
    expect(await servers[0]!.balance(user)).toBe(before - spent);
  });

  it('gives a native probe what it did not acknowledge again, until it does', async () => {
    const [made] = await operations(1);
    await servers[0]!.get(DispatchService).probeConnected(link('native', { outcome: 'silent' }));
    expect(await state(made!)).toBe('pending');
    await servers[1]!.get(DispatchService).probeConnected(link('native'));
    expect(given).toEqual([made, made]);
    expect(await state(made!)).toBe('delivered');
  });

  it('tells a native probe everything again that did not acknowledge what it was told', async () => {
    const made = await operations(2);
    const everything: boolean[] = [];
    let doubts = 1;
    const doubtful: ProbeLink = {
      ...link('native'),
      get isInDoubt() {
        return doubts > 0;
      },
      expectEverything: () => {
        doubts -= 1;
      },
      deliver: (jobs, all) => {
        everything.push(all);
        given.push(...jobs.map(({ operation }) => operation.toHexString()));
        return answersOf(jobs, { outcome: 'accepted' });
      },
    };
    const server = servers[0]!;
    server.get(ConnectedProbes).add(doubtful);
    try {
      await server.get(DispatchService).deliverOverdue();
      await until('both jobs', () => given.length === 2);
      await server.get(DispatchService).deliverOverdue();
      expect([everything, given.sort()]).toEqual([[true], made.sort()]);
    } finally {
      server.get(ConnectedProbes).remove(doubtful);
    }
  });

  describe('the sweep', () => {
    const NEVER = new Promise<DeliveryAnswer>(() => undefined);
    let server: AppContext;
    let clock: number;

    beforeEach(() => {
      server = servers[0]!;
      clock = performance.now();
      jest.spyOn(performance, 'now').mockImplementation(() => clock);
    });
    afterEach(() => {
      jest.restoreAllMocks();
      server.get(ConnectedProbes).closeAll();
    });

    /** What waits for a probe that is here, and was created long enough ago. */
    async function overdue(count: number): Promise<string[]> {
      const made = await operations(count);
      const created_at = new Date(Date.now() - 60_000);
      await server.module
        .get<Connection>(getConnectionToken(), { strict: false })
        .collection('assignments')
        .updateMany({ probe: probe._id }, { $set: { created_at } });
      return made;
    }

    it('brings to each probe what is overdue, however long another one is silent', async () => {
      await overdue(2);
      const silent = { ...link('native'), deliver: (jobs: readonly Job[]) => answersOf(jobs, NEVER) };
      probe = await server.probe(user);
      const made = await overdue(2);
      for (const each of [silent, link('native')]) server.get(ConnectedProbes).add(each);
      // does not wait for the silent one
      await server.get(DispatchService).deliverOverdue();
      await until('the other one has its jobs', () => made.every((id) => given.includes(id)));
      const more = await overdue(1);
      await server.get(DispatchService).deliverOverdue();
      await until('and the next one', () => given.includes(more[0]!));
    });

    it('asks a probe that does not answer ever more seldom, one attempt at a time', async () => {
      let attempts = 0;
      let answer: (answer: DeliveryAnswer) => void = () => undefined;
      const silent: ProbeLink = {
        ...link('native'),
        isInDoubt: true,
        deliver: (jobs) => {
          attempts += 1;
          return answersOf(
            jobs,
            new Promise((resolve) => {
              answer = resolve;
            }),
          );
        },
      };
      await operations(1);
      server.get(ConnectedProbes).add(silent);
      const sweep = async (seconds: number) => {
        clock += seconds * 1000;
        await server.get(DispatchService).deliverOverdue();
      };
      await sweep(0);
      await until('the first attempt', () => attempts === 1);
      await sweep(1000);
      expect(attempts).toBe(1);
      for (const [attempt, pause] of [10, 20, 40, 80].entries()) {
        answer({ outcome: 'silent' });
        const done = server.get(DispatchService) as unknown as { redelivery: Redelivery };
        // that the attempt is over shows in nothing but this
        await until('the attempt is over', () => {
          clock += 1_000_000;
          const due = done.redelivery.isDue(silent);
          clock -= 1_000_000;
          return due;
        });
        await sweep(pause - 1);
        expect(attempts).toBe(attempt + 1);
        await sweep(2);
        await until('the next attempt', () => attempts === attempt + 2);
      }
    });
  });

  it('notes a refusal, and asks no more', async () => {
    const [made] = await operations(1);
    await servers[0]!
      .get(DispatchService)
      .probeConnected(link('native', { outcome: 'refused', reason: 'policy' }));
    await servers[0]!.get(DispatchService).probeConnected(link('native'));
    expect(given).toEqual([made]);
    expect(await state(made!)).toBe('refused');
  });

  it('claims for one attempt only what no other has', async () => {
    const made = await operations(20);
    const assignments = servers[0]!.get(AssignmentsRepository);
    const ids = await Promise.all(
      made.map(async (id) => (await assignments.findOne(new ObjectId(id), probe._id))!._id),
    );
    const claims = await Promise.all(
      ['a', 'b', 'c', 'd'].map((delivery, n) =>
        servers[n % 2]!.get(AssignmentsRepository).claim(ids, delivery, new Date(), deliveredOver('classic')),
      ),
    );
    const claimed = claims.flat().map(({ _id }) => String(_id));
    expect(claimed.sort()).toEqual(ids.map(String).sort());
  });

  it('delivers at once where the probe is here', async () => {
    const connected = servers[0]!.get(ConnectedProbes);
    const delivered = new Promise<string>((resolve) => {
      connected.add({
        ...link('native'),
        deliver: (jobs) => {
          resolve(jobs.map(({ operation }) => operation.toHexString()).join());
          return answersOf(jobs, { outcome: 'accepted' });
        },
      });
    });
    const [made] = await operations(1);
    expect(await delivered).toBe(made);
  });

  it('notes at once who has taken a job, however long another probe takes to answer', async () => {
    const server = servers[0]!;
    let answer: (answer: DeliveryAnswer) => void = () => undefined;
    const quick = link('native');
    probe = await server.probe(user);
    const slow: ProbeLink = {
      ...link('native'),
      deliver: (jobs) => {
        const answered = new Promise<DeliveryAnswer>((resolve) => {
          answer = resolve;
        });
        return answersOf(jobs, answered);
      },
    };
    server.get(ConnectedProbes).add(quick);
    server.get(ConnectedProbes).add(slow);
    const { operation } = await server.get(OperationCreationService).create(user, {
      kind: 'ping',
      params: { ips: ['192.0.2.1'] },
      schedule: scheduleReading(server, { type: 'once' }),
      probes: [quick.probe, slow.probe],
      unknownParams: 'refuse',
      availability: 'whenever',
      visibility: 'public',
    });
    const stateOf = async ({ probe }: ProbeLink) =>
      (await server.get(AssignmentsRepository).findOne(operation._id, probe))?.state;
    await until('the quick one has it', async () => (await stateOf(quick)) === 'delivered');
    expect(await stateOf(slow)).toBe('pending');
    answer({ outcome: 'accepted' });
    await until('the slow one has it', async () => (await stateOf(slow)) === 'delivered');
    for (const each of [quick, slow]) server.get(ConnectedProbes).remove(each);
  });

  describe('without a word between servers', () => {
    const here = () => servers[0]!.get(OperationsService);
    const look = () => servers[1]!.get(OperationChanges).look();
    let stopped: string[];

    /** The probe is at the second server. */
    function connectThere(protocol: Protocol): ProbeLink {
      stopped = [];
      const there = { ...link(protocol), stop: (operation: ObjectId) => stopped.push(String(operation)) };
      servers[1]!.get(ConnectedProbes).add(there);
      return there;
    }

    it('finds what another server has begun, and stopped, once', async () => {
      await look();
      const there = connectThere('native');
      const [made] = await operations(1);
      await look();
      await until('it is delivered', async () => (await state(made!)) === 'delivered');
      await look();
      expect(given).toEqual([made]);
      await here().stop(new ObjectId(made), user);
      await look();
      await until('it is stopped', () => stopped.length > 0);
      await look();
      expect(stopped).toEqual([made]);
      servers[1]!.get(ConnectedProbes).remove(there);
    });

    it('handles the last change once, however long nothing else happens', async () => {
      await look();
      const there = connectThere('native');
      const handled = jest.spyOn(servers[1]!.get(AssignmentsRepository), 'findPendingOfOperation');
      const [made] = await operations(1);
      await look();
      await until('it is delivered', async () => (await state(made!)) === 'delivered');
      const later = performance.now() + 3_600_000;
      const passing = jest.spyOn(performance, 'now').mockImplementation(() => later);
      try {
        await look();
        expect(handled).toHaveBeenCalledTimes(1);
      } finally {
        passing.mockRestore();
        handled.mockRestore();
        servers[1]!.get(ConnectedProbes).remove(there);
      }
    });

    it('gives a classic probe a job once, however often it is looked', async () => {
      const there = connectThere('classic');
      const made = await operations(3);
      await Promise.all([look(), servers[1]!.get(DispatchService).deliverOverdue(), look()]);
      await until('all are delivered', () => given.length >= 3);
      await servers[1]!.get(DispatchService).probeConnected(there);
      await look();
      expect(given.sort()).toEqual(made.sort());
      servers[1]!.get(ConnectedProbes).remove(there);
    });

    it('goes by the database’s clock, whatever those of the servers say', async () => {
      await look();
      const there = connectThere('native');
      const [made] = await withWrongClock(-3_600_000, () => operations(1));
      await look();
      await until('it is delivered', () => given.includes(made!));
      servers[1]!.get(ConnectedProbes).remove(there);
    });

    it('tries again what it could not do', async () => {
      await look();
      const there = connectThere('native');
      const failing = jest
        .spyOn(servers[1]!.get(AssignmentsRepository), 'findPendingOfOperation')
        .mockRejectedValueOnce(new Error('on purpose'));
      const [made] = await operations(1);
      await look();
      await until('it is delivered', async () => {
        await look();
        return given.includes(made!);
      });
      expect(failing).toHaveBeenCalledTimes(2);
      failing.mockRestore();
      servers[1]!.get(ConnectedProbes).remove(there);
    });
  });
});
