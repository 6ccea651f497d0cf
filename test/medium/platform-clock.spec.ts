import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import { type Connection } from 'mongoose';
import { databaseTime, serversAlive } from '../../src/core/maintenance/backup/platform-backup.js';
import { MigrationsService } from '../../src/platform/database/migrations/migrations.service.js';
import { PlatformClock } from '../../src/platform/database/platform-clock.js';
import { type AssignmentEntity } from '../../src/core/assignments/assignment.schema.js';
import { AssignmentsRepository } from '../../src/core/assignments/assignments.repository.js';
import { QuotasService } from '../../src/core/quotas/quotas.service.js';
import { ReleasesService } from '../../src/core/quotas/releases.service.js';
import { OperationCreationService } from '../../src/core/operations/operation-creation.service.js';
import { OperationsService } from '../../src/core/operations/operations.service.js';
import { PlatformTimesService } from '../../src/core/reliability/platform-times.service.js';
import { ProbeConnectionsService } from '../../src/core/presence/probe-connections.service.js';
import { ProbesService } from '../../src/core/probes/probes.service.js';
import { ServersService } from '../../src/core/servers/servers.service.js';
import { IngestService } from '../../src/core/ingest/ingest.service.js';
import { SweepService } from '../../src/core/delivery/sweep.service.js';
import { type UserEntity } from '../../src/core/users/user.schema.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { withWrongClock } from '../support/wrong-clock.js';
import { scheduleReading } from '../support/schedule-reading.js';

const HOUR_MS = 3_600_000;
/** Far less than an hour, and more than any test takes. */
const NEAR_MS = 1_200_000;

/** docs/adr/0009: all servers go by the database's clock. */
describe.each([
  ['an hour ahead', HOUR_MS],
  ['an hour behind', -HOUR_MS],
])('a server whose clock is %s', (_how, wrongByMs) => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let server: AppContext;
  let user: UserEntity;

  beforeAll(async () => {
    mongo = await testMongo();
    server = await AppContext.start(mongo.uri);
    user = await server.user(10_000);
  });
  afterAll(async () => {
    await server.stop();
    await mongo.stop();
  });

  const wrong = <T>(work: () => Promise<T>) => withWrongClock(wrongByMs, work);
  const db = () => server.module.get<Connection>(getConnectionToken(), { strict: false }).db!;
  const isNow = (time: Date | undefined) => Math.abs((time?.getTime() ?? 0) - Date.now()) < NEAR_MS;
  const create = async (schedule: object) => {
    const probe = await server.probe(user);
    return server.get(OperationCreationService).create(user, {
      kind: 'ping',
      params: { ips: ['192.0.2.1'] },
      schedule: scheduleReading(server, schedule),
      probes: [probe._id],
      unknownParams: 'refuse',
      availability: 'whenever',
      visibility: 'public',
    });
  };

  it('goes by the database’s', async () => {
    const time = await wrong(() => Promise.resolve(server.get(PlatformClock).now()));
    expect(isNow(time)).toBe(true);
    expect(isNow(await wrong(() => databaseTime(db() as never)))).toBe(true);
  });

  it('ends no assignment before its time, and none after it', async () => {
    const probe = await server.probe(user);
    const [running, over] = [NEAR_MS, -NEAR_MS].map((ms) =>
      server.assignment(probe, { ends_at: new Date(Date.now() + ms) }),
    );
    const ids = [await running!, await over!];
    const sweep = server.get(SweepService) as unknown as { expire(): Promise<void> };
    await wrong(() => sweep.expire());
    const found = await Promise.all(
      ids.map(({ operation }) => server.get(AssignmentsRepository).findOne(operation, probe._id)),
    );
    expect(found.map((each) => each?.state)).toEqual(['delivered', 'done']);
  });

  it('creates and stops operations at the time at which it is done', async () => {
    const schedule = { type: 'interval', every_s: 60, stop: inHours(3) };
    const { operation } = await wrong(() => create(schedule));
    expect(isNow(operation.created_at)).toBe(true);
    expect(operation.schedule.type === 'interval' && isNow(operation.schedule.start)).toBe(true);
    const stopped = await wrong(() => server.get(OperationsService).stop(operation._id, user));
    expect(isNow(stopped.stopped_at)).toBe(true);
    // all but the first minutes
    expect(stopped.refunded).toBeGreaterThan(150);
  });

  it('gives back what is over, and no more', async () => {
    const { operation } = await create({ type: 'interval', every_s: 60, stop: inHours(0.5) });
    await wrong(() =>
      server.get(ReleasesService).removeOver(server.get(PlatformClock).now(), AbortSignal.abort()),
    );
    const usage = await wrong(() => server.get(QuotasService).usageOfUser(user));
    expect(usage.find(({ bound }) => bound === 'user_running')?.used).toBeGreaterThan(0);
    await server.get(OperationsService).stop(operation._id, user);
  });

  it('counts a run when it is due, and not before', async () => {
    const { operation } = await create({ type: 'interval', every_s: 60, stop: inHours(3) });
    const assignments = server.get(AssignmentsRepository);
    const [{ probe }] = (await assignments.findByOperation(operation._id)) as [AssignmentEntity];
    const { start } = operation.schedule as { start: Date };
    // the first run, and one in half an hour
    for (const scheduledAt of [start, new Date(start.getTime() + 30 * 60_000)])
      await wrong(() =>
        server.get(IngestService).acceptFailure({
          operation: operation._id,
          probe,
          uniqueCode: scheduledAt.toISOString(),
          scheduledAt,
          reason: 'missed',
          detail: 'asleep',
        }),
      );
    expect(await assignments.findOne(operation._id, probe)).toMatchObject({ failed: 1, uncounted_failed: 1 });
  });

  it('notes sessions, and signs of life of the platform, at the time at which they are', async () => {
    const probe = await server.probe(user);
    const token = server.get(ProbesService).tokenOf(probe);
    const details = { protocol: 'native', total_credits: 1, in_use_credits: 0 } as const;
    await wrong(async () => {
      const open = await server.get(ProbeConnectionsService).open(token, details);
      await server.get(ProbeConnectionsService).close(open!, 'transport close');
      const times = server.get(PlatformTimesService);
      times.onApplicationBootstrap();
      await times.onApplicationShutdown();
    });
    const session = await db().collection('sessions').findOne({ probe: probe._id });
    expect([session?.['from'], session?.['to']].map((time) => isNow(time as Date))).toEqual([true, true]);
    for (const { from, to } of await db().collection('platformtimes').find().toArray())
      expect([from, to].map((time) => isNow(time as Date))).toEqual([true, true]);
    expect(await db().collection('platformtimes').countDocuments()).toBeGreaterThan(0);
  });

  it('restores nothing under a server that runs, and not for ever after it', async () => {
    await server.get(ServersService).start();
    expect(await wrong(() => serversAlive(db() as never))).toBe(1);
    await db()
      .collection('servers')
      .updateMany({}, { $set: { lease_until: new Date(Date.now() - 1) } });
    expect(await wrong(() => serversAlive(db() as never))).toBe(0);
    await server.get(ServersService).stop();
  });

  it('does not take the lock of another that migrates', async () => {
    const order: string[] = [];
    let finish: () => void = () => undefined;
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const up = () =>
      new Promise<void>((resolve) => {
        finish = resolve;
        begin();
      });
    const working = server.get(MigrationsService).run([{ id: 'test-long', up }]);
    const lock = server.get(MigrationsService) as unknown as { tryLock(): Promise<Date | undefined> };
    // it holds the lock from before it begins
    await begun;
    order.push((await wrong(() => lock.tryLock())) === undefined ? 'waits' : 'takes it');
    finish();
    await working;
    expect(order).toEqual(['waits']);
  });

  function inHours(hours: number): string {
    return new Date(Date.now() + hours * HOUR_MS).toISOString();
  }
});
