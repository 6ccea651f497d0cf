import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import { type Connection, type mongo } from 'mongoose';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { TransactionsService } from '../../src/platform/database/transactions.service.js';
import { ReliabilityService } from '../../src/core/reliability/reliability.service.js';
import { type RunMark, RunSheetsRepository } from '../../src/core/runs/run-sheets.repository.js';
import { type AssignmentEntity } from '../../src/core/assignments/assignment.schema.js';
import { type Schedule } from '../../src/measurement/schedule/schedule.js';
import { type ProbeEntity } from '../../src/core/probes/probe.schema.js';
import { ProbesService } from '../../src/core/probes/probes.service.js';
import { PlatformTimesService } from '../../src/core/reliability/platform-times.service.js';
import { MAX_SESSIONS } from '../../src/core/reliability/uptime.service.js';
import { ServersService } from '../../src/core/servers/servers.service.js';
import { type SessionEntity } from '../../src/core/presence/session.schema.js';
import { type UserEntity } from '../../src/core/users/user.schema.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

describe('the measure of reliability', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let app: AppContext;
  let owner: UserEntity;
  /** the begin of each test */
  let now: number;

  beforeAll(async () => {
    mongo = await testMongo();
    app = await AppContext.start(mongo.uri);
  });
  beforeEach(async () => {
    for (const name of ['probes', 'sessions', 'assignments', 'operations', 'runsheets', 'platformtimes'])
      await collection(name).deleteMany({});
    owner = await app.user();
    now = Date.now();
  });
  afterAll(async () => {
    await app.stop();
    await mongo.stop();
  });

  function collection<Shape extends mongo.Document = mongo.Document>(name: string) {
    const connection = app.module.get<Connection>(getConnectionToken(), { strict: false });
    return connection.collection<Shape>(name);
  }

  /** Registered so many days ago. */
  async function probeSince(days: number): Promise<ProbeEntity> {
    const probe = await app.probe(owner);
    await collection('probes').updateOne(
      { _id: probe._id },
      { $set: { created_at: new Date(now - days * DAY) } },
    );
    return probe;
  }

  /** Sessions from and to, in hours before now; without an end it stands. */
  async function sessions(probe: ProbeEntity, ...stays: [from: number, to?: number][]): Promise<void> {
    const documents = stays.map(([from, to]): Omit<SessionEntity, '_id'> => ({
      probe: probe._id,
      server: 'some',
      protocol: 'native',
      from: new Date(now - from * HOUR),
      ...(to !== undefined && { to: new Date(now - to * HOUR), reason: 'transport close' }),
    }));
    await collection('sessions').insertMany(documents);
  }

  /** A run every minute, so many of them from so many hours ago on. */
  async function duty(
    probe: ProbeEntity,
    hoursAgo: number,
    runs: number,
    more: Partial<AssignmentEntity> = {},
  ): Promise<AssignmentEntity> {
    const start = new Date(now - hoursAgo * HOUR);
    const stop = new Date(start.getTime() + runs * MINUTE);
    return assigned(
      probe,
      { type: 'interval', every_s: 60, start, stop },
      {
        due: runs,
        created_at: start,
        delivered_at: start,
        delivered_over: 'native',
        ends_at: new Date(stop.getTime() + 10 * MINUTE),
        ...more,
      },
    );
  }

  async function assigned(
    probe: ProbeEntity,
    schedule: Schedule,
    more: Partial<AssignmentEntity>,
  ): Promise<AssignmentEntity> {
    const operation = new ObjectId();
    await collection('operations').insertOne({ _id: operation, schedule });
    return app.assignment(probe, { operation, ...more });
  }

  async function came(
    { operation, probe }: AssignmentEntity,
    runs: number[],
    failure?: string,
  ): Promise<void> {
    const marks = runs.map((run): RunMark => ({ operation, probe, run, failure }));
    await app
      .get(TransactionsService)
      .run((transaction) => app.get(RunSheetsRepository).mark(marks, transaction));
  }

  async function pass(signal = new AbortController().signal): Promise<number> {
    return (await app.get(ReliabilityService).pass(signal)).probes;
  }

  async function figuresOf({ _id }: ProbeEntity) {
    const { reliability } = await app.get(ProbesService).get(_id);
    if (reliability === undefined) throw new Error('not measured');
    return reliability;
  }

  it('has the uptime over a day, a week and a month, since the registration', async () => {
    const old = await probeSince(100);
    const young = await probeSince(2);
    await sessions(old, [50 * 24, 10 * 24], [5 * 24, 4 * 24], [12, 6], [6, 0]);
    await sessions(young, [36]);
    await pass();
    const { day, week, month, at } = await figuresOf(old);
    expect(at.getTime()).toBeGreaterThanOrEqual(now);
    expect(month.from.getTime()).toBe(at.getTime() - 30 * DAY);
    expect(day.uptime).toBeCloseTo(0.5, 3);
    expect(week.uptime).toBeCloseTo(1.5 / 7, 3);
    expect(month.uptime).toBeCloseTo(21.5 / 30, 3);
    // it never said good-bye, and is not connected
    const figures = await figuresOf(young);
    expect(figures.week).toMatchObject({ uptime: 0, due: 0, came: 0 });
    expect(figures.week).not.toHaveProperty('share');
    expect(figures.week.from).toEqual(new Date(now - 2 * DAY));
    expect(figures.day.from).toEqual(new Date(figures.at.getTime() - DAY));
  });

  it('does not count the time in which no server gave a sign of life', async () => {
    const probe = await probeSince(100);
    await sessions(probe, [50 * 24, 12]);
    const platform = app.get(PlatformTimesService);
    // 40 days ago; the day ends with a silence of almost twelve hours
    for (const hours of [40 * 24, 12]) {
      await platform.note(new Date(now - hours * HOUR));
      await collection('platformtimes').updateMany({}, { $set: { to: new Date(now - 12 * HOUR) } });
    }
    await platform.note(new Date(now - MINUTE));
    await platform.note(new Date(now));
    expect(await collection('platformtimes').countDocuments()).toBe(2);
    await pass();
    expect((await figuresOf(probe)).day.uptime).toBeCloseTo(1, 2);
  });

  it('has the share of runs that came in each window, by the time at which they were due', async () => {
    const probe = await probeSince(100);
    await sessions(probe, [100 * 24, 0]);
    const long = await duty(probe, 29 * 24, 29 * 24 * 60);
    // every second run, but none in the first 9 days: sheets from the first to the last are read
    const half = Array.from({ length: 20 * 24 * 30 }, (_, n) => 9 * 24 * 60 + 2 * n);
    await came(long, half);
    const short = await duty(probe, 10, 120);
    await came(short, [0, 1, 2]);
    await came(short, [3, 4], 'unresolved');
    await came(short, [5], 'missed');
    await pass();
    const { at, ...windows } = await figuresOf(probe);
    const until = at.getTime() - 2 * MINUTE;
    for (const [days, figures] of [
      [1, windows.day],
      [7, windows.week],
      [30, windows.month],
    ] as const) {
      const from = at.getTime() - days * DAY;
      const due = between(minutes(now - 29 * DAY, 29 * 24 * 60), from, until);
      const arrived = between(
        half.map((run) => now - 29 * DAY + run * MINUTE),
        from,
        until,
      );
      expect([days, figures.due, figures.came]).toEqual([days, due + 120 - 2, arrived + 3]);
      expect(figures.share).toBeCloseTo(figures.came / figures.due, 6);
    }
  });

  it('knows of single runs by their counters, of all probes of a step', async () => {
    const probes = await Promise.all([1, 2, 3].map(() => probeSince(10)));
    for (const [n, probe] of probes.entries()) {
      for (let k = 0; k < 5; k += 1) {
        const at = new Date(now - (k + 1) * HOUR);
        await assigned(
          probe,
          { type: 'once', at },
          {
            due: 1,
            received: k <= n ? 1 : 0,
            delivered_at: at,
            delivered_over: 'native',
            ends_at: new Date(at.getTime() + DAY),
          },
        );
      }
    }
    await pass();
    const shares = await Promise.all(probes.map(async (probe) => (await figuresOf(probe)).day));
    expect(shares.map(({ due, came: arrived }) => [due, arrived])).toEqual([
      [5, 1],
      [5, 2],
      [5, 3],
    ]);
  });

  it('leaves the runs alone that a connected probe may be measuring', async () => {
    const [measuring, idle] = [await probeSince(1), await probeSince(1)];
    for (const [probe, running] of [
      [measuring, 1],
      [idle, 0],
    ] as const) {
      await duty(probe, 3, 180);
      const connection = { session: new ObjectId(), server: 'some', protocol: 'native', since: new Date() };
      const status = { backlog: { results: 0, bytes: 0 }, running, at: new Date() };
      await collection('probes').updateOne({ _id: probe._id }, { $set: { status, connection } });
      await sessions(probe, [24]);
    }
    // the one that is measuring is not connected: its server does not live
    await pass();
    const dueUntil = (at: Date, before: number) =>
      between(minutes(now - 3 * HOUR, 180), 0, at.getTime() - before);
    const first = await figuresOf(measuring);
    expect(first.day.due).toBe(dueUntil(first.at, 2 * MINUTE));
    // another server, which lives
    const lease = { renewed_at: new Date(), lease_until: new Date(Date.now() + DAY), lapsed: false };
    const living = { _id: 'living', boot: 'once', ...lease };
    await collection<{ _id: string }>('servers').insertOne(living);
    await app.get(ServersService).getToKnow(['living']);
    await collection('probes').updateMany(
      {},
      { $set: { 'connection.server': 'living' }, $unset: { measured_at: 1 } },
    );
    await pass();
    const { at, day } = await figuresOf(measuring);
    expect(day.due).toBe(dueUntil(at, HOUR));
    expect((await figuresOf(idle)).day).toMatchObject({ due: dueUntil(at, 2 * MINUTE), uptime: 1 });
  });

  it('is of every probe once, and again only when its figures are old', async () => {
    for (let n = 0; n < 120; n += 1) await app.probe(owner);
    expect(await pass()).toBe(120);
    expect(await pass()).toBe(0);
    const old = await app.probe(owner);
    const young = await app.probe(owner);
    await collection('probes').updateOne({ _id: old._id }, { $set: { measured_at: new Date(now - HOUR) } });
    expect(await pass()).toBe(2);
    expect((await figuresOf(young)).at.getTime()).toBeGreaterThanOrEqual(now);
  });

  it('goes on where it was cut off', async () => {
    for (let n = 0; n < 120; n += 1) await app.probe(owner);
    const cut = new AbortController();
    const going = pass(cut.signal);
    // during the rest after the first step
    while ((await collection('probes').countDocuments({ reliability: { $exists: true } })) === 0);
    cut.abort();
    const first = await going;
    expect(first).toBeLessThan(120);
    expect(first + (await pass())).toBe(120);
  });

  it('of one probe that fails does not keep the others from theirs', async () => {
    const probes = await Promise.all([1, 2, 3].map(() => probeSince(1)));
    const bad = { type: 'cron', cron: 'no such', times_per_minute: 1, start: new Date(0), stop: new Date() };
    await assigned(probes[1]!, bad as Schedule, {});
    expect(await pass()).toBe(3);
    expect(await pass()).toBe(0);
    const found = await collection('probes').find().sort({ _id: 1 }).toArray();
    const measured = new Map(found.map((probe) => [String(probe._id), probe['reliability'] !== undefined]));
    expect(probes.map(({ _id }) => measured.get(String(_id)))).toEqual([true, false, true]);
  });

  it('looks at so many sessions of one that comes and goes all the time, and says since when', async () => {
    const probe = await probeSince(100);
    const minutes = Array.from({ length: MAX_SESSIONS + 10 }, (_, n) => n / 60);
    await sessions(probe, ...minutes.map((hours): [number, number] => [hours + 1 / 60, hours + 1 / 120]));
    await pass();
    const { week, month } = await figuresOf(probe);
    expect(week.uptime).toBeCloseTo(0.5, 2);
    expect(month.from).toEqual(new Date(now - MAX_SESSIONS * MINUTE));
    expect(month.uptime).toBeCloseTo(0.5, 2);
  });
});

/** The times of so many runs, one a minute. */
function minutes(start: number, runs: number): number[] {
  return Array.from({ length: runs }, (_, run) => start + run * MINUTE);
}

/** How many are from `from` to `to`, excluded. */
function between(times: readonly number[], from: number, to: number): number {
  return times.filter((time) => time >= from && time < to).length;
}
