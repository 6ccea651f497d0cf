import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import { type Connection } from 'mongoose';
import { AssignmentsRepository } from '../../src/core/assignments/assignments.repository.js';
import { DispatchService } from '../../src/core/delivery/dispatch.service.js';
import { OperationCreationService } from '../../src/core/operations/operation-creation.service.js';
import {
  type DeliveryAnswer,
  type Job,
  type JobsPart,
  type ProbeLink,
} from '../../src/core/presence/connected-probes.js';
import { type ProbeEntity } from '../../src/core/probes/probe.schema.js';
import { type UserEntity } from '../../src/core/users/user.schema.js';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { speaking } from '../support/probe-link.js';
import { scheduleReading } from '../support/schedule-reading.js';

/** Each about 50 KB as a probe is told it: five are a part. */
const NAMES = Array.from({ length: 1000 }, (_, n) => `host-${n}.of-a-department.example-university.org`);
const OPERATIONS = 12;
const PROBES = 3;

/** docs/protocol.md, `sync`. How many parts are in memory: src/core/delivery/part-reader.spec.ts. */
describe('probes with much to do that come back at once', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let server: AppContext;
  let user: UserEntity;
  let made: string[];
  let probes: ProbeEntity[];

  beforeAll(async () => {
    mongo = await testMongo();
    server = await AppContext.start(mongo.uri);
    user = await server.user(1_000_000_000);
    [made, probes] = [[], []];
    for (let n = 0; n < PROBES; n += 1) probes.push(await server.probe(user));
    for (let n = 0; n < OPERATIONS; n += 1) {
      const { operation } = await server.get(OperationCreationService).create(user, {
        kind: 'dns',
        params: { fqdns: NAMES },
        schedule: scheduleReading(server, (now) => ({
          type: 'once',
          at: new Date(now.getTime() + 3_600_000).toISOString(),
        })),
        probes: probes.map(({ _id }) => _id),
        unknownParams: 'refuse',
        availability: 'whenever',
        visibility: 'public',
      });
      made.push(operation._id.toHexString());
    }
  });
  afterAll(async () => {
    await server.stop();
    await mongo.stop();
  });

  const statesOf = async (probe: ProbeEntity) => {
    const connection = server.module.get<Connection>(getConnectionToken(), { strict: false });
    const found = await connection.collection('assignments').find({ probe: probe._id }).toArray();
    return found.map(({ state }) => String(state));
  };
  const bare = (probe: ProbeEntity, protocol: 'native' | 'classic') => ({
    ...speaking(protocol),
    ...{ probe: probe._id, session: new ObjectId() },
    ...{ stop: () => undefined, askToReconnect: () => undefined, close: () => undefined },
  });
  const idsOf = (jobs: readonly Job[]) => jobs.map(({ operation }) => operation.toHexString());
  const ACCEPTED: DeliveryAnswer = { outcome: 'accepted' };
  const never = () => {
    throw new Error('it has too much to do for one message');
  };

  it('are each told everything, in order, a part when the one before it was answered', async () => {
    const told = new Map<string, string[]>();
    const sizes: number[] = [];
    const linkOf = (probe: ProbeEntity): ProbeLink => ({
      ...bare(probe, 'native'),
      deliver: never,
      async *deliverInParts(parts: AsyncIterable<JobsPart>) {
        const own: string[] = [];
        for await (const { jobs, more } of parts) {
          sizes.push(JSON.stringify(jobs.map(({ params }) => params)).length);
          own.push(...idsOf(jobs));
          if (!more) told.set(String(probe._id), own);
          yield jobs.map(() => ACCEPTED);
        }
      },
    });
    await Promise.all(probes.map((probe) => server.get(DispatchService).probeConnected(linkOf(probe))));
    expect(sizes.length).toBeGreaterThan(PROBES);
    expect(Math.max(...sizes)).toBeLessThan(256 * 1024);
    expect([...told.values()]).toEqual(probes.map(() => made));
    expect(new Set(await statesOf(probes[0]!))).toEqual(new Set(['delivered']));
  });

  it('a classic one is told each part once, and only what it never got', async () => {
    const probe = await server.probe(user);
    const source = await server.get(AssignmentsRepository).findOne(new ObjectId(made[0]), probes[0]!._id);
    const connection = server.module.get<Connection>(getConnectionToken(), { strict: false });
    const assignments = made.map((operation, n) => ({
      ...source,
      ...{ _id: new ObjectId(), operation: new ObjectId(operation), probe: probe._id },
      ...{
        state: n === 0 ? 'delivered' : 'pending',
        ...(n === 1 && { not_before: new Date(Date.now() + 60_000) }),
      },
    }));
    await connection.collection('assignments').insertMany(assignments);
    const load = { operations: made.length, bytes: 50_000 * made.length };
    await connection.collection('probes').updateOne({ _id: probe._id }, { $set: { load } });
    const given: string[][] = [];
    const classic: ProbeLink = {
      ...bare(probe, 'classic'),
      async *deliver(jobs) {
        given.push(idsOf(jobs));
        yield await Promise.resolve(jobs.map(() => ACCEPTED));
      },
    };
    const connect = () => server.get(DispatchService).probeConnected(classic);
    await Promise.all([connect(), connect()]);
    await connect();
    expect(given.flat().sort()).toEqual(made.slice(2).sort());
    expect(given.length).toBeGreaterThan(1);
  });

  it('one that takes one message gets everything in it', async () => {
    const [probe] = probes;
    const given: [string[], boolean][] = [];
    await server.get(DispatchService).probeConnected({
      ...bare(probe!, 'native'),
      takesWhole: (bytes) => bytes > 500_000,
      deliverInParts: never,
      async *deliver(jobs, everything) {
        given.push([idsOf(jobs), everything]);
        yield await Promise.resolve(jobs.map(() => ACCEPTED));
      },
    });
    expect(given).toEqual([[made, true]]);
  });
});
