import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import mongoose, { type Connection } from 'mongoose';
import { TokensService } from '../../src/core/users/tokens.service.js';
import {
  type OpenConnection,
  ProbeConnectionsService,
} from '../../src/core/presence/probe-connections.service.js';
import { type ProbeChange, ProbeFeed } from '../../src/core/probes/probe-feed.js';
import { type ProbeEntity } from '../../src/core/probes/probe.schema.js';
import { ProbeConnectionsRepository } from '../../src/core/probes/probe-connections.repository.js';
import { ProbesRepository } from '../../src/core/probes/probes.repository.js';
import { ProbesService } from '../../src/core/probes/probes.service.js';
import { ServersService } from '../../src/core/servers/servers.service.js';
import { type SessionEntity } from '../../src/core/presence/session.schema.js';
import { type UserEntity } from '../../src/core/users/user.schema.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';

const DETAILS = { protocol: 'native', total_credits: 10, in_use_credits: 0 } as const;
const CROWD = 30;

/** Many probes that come and go at the same moment, at two servers of one platform. */
describe('check-ins in batches', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let here: AppContext;
  let there: AppContext;
  let user: UserEntity;
  let probes: ProbeEntity[];

  beforeAll(async () => {
    mongo = await testMongo();
    here = await AppContext.start(mongo.uri);
    there = await AppContext.start(mongo.uri);
    user = await here.user();
  });
  beforeEach(async () => {
    for (const server of [here, there, here]) await server.get(ProbeConnectionsService).startAfresh();
    probes = await Promise.all(Array.from({ length: CROWD }, () => here.probe(user)));
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(async () => {
    for (const server of [here, there]) {
      await server.get(ServersService).stop();
      await server.stop();
    }
    await mongo.stop();
  });

  const tokenOf = (probe: ProbeEntity) => here.get(ProbesService).tokenOf(probe);
  const tryOpen = (server: AppContext, token: string, more: object = {}) =>
    server.get(ProbeConnectionsService).open(token, { ...DETAILS, ...more });
  const close = (server: AppContext, opened: OpenConnection, reason: string) =>
    server.get(ProbeConnectionsService).close(opened, reason);

  async function open(server: AppContext, probe: ProbeEntity): Promise<OpenConnection> {
    const opened = await tryOpen(server, tokenOf(probe));
    if (opened === undefined) throw new Error('it was not let in');
    return opened;
  }

  const openAll = (server: AppContext) => Promise.all(probes.map((probe) => open(server, probe)));
  const stored = async () => here.get(ProbesRepository).findByIds(probes.map(({ _id }) => _id));
  const currentSessions = async () => (await stored()).map(({ connection }) => String(connection?.session));
  const inOrder = (opened: OpenConnection[]) =>
    [...opened]
      .sort((a, b) => a.probe._id.toHexString().localeCompare(b.probe._id.toHexString()))
      .map(({ session }) => String(session));

  async function sessions(of: readonly ProbeEntity[] = probes): Promise<SessionEntity[]> {
    const connection = here.module.get<Connection>(getConnectionToken(), { strict: false });
    return connection
      .collection<SessionEntity>('sessions')
      .find({ probe: { $in: of.map(({ _id }) => _id) } })
      .sort({ from: 1, _id: 1 })
      .toArray();
  }

  /** What live doors of this server are told. */
  function hear(server: AppContext): string[] {
    const heard: string[] = [];
    server.get(ProbeFeed).changes.subscribe(({ probe, connected }: ProbeChange) => {
      heard.push(`${probe._id.toHexString()} ${String(connected)}`);
    });
    return heard;
  }

  it('lets all of them in, each with a session of its own, in far fewer commands than there are probes', async () => {
    const writes = jest.spyOn(here.get(ProbeConnectionsRepository), 'setConnections');
    const opened = await openAll(here);
    expect(await currentSessions()).toEqual(inOrder(opened));
    const standing = await sessions();
    expect(standing.map(({ _id }) => String(_id)).sort()).toEqual(inOrder(opened).sort());
    expect(
      standing.every(({ to, server }) => to === undefined && server === here.get(ServersService).ownId),
    ).toBe(true);
    expect(writes.mock.calls.length).toBeLessThan(CROWD / 3);
  });

  it('takes all of them over, also from another server: their older sessions end as the new ones begin', async () => {
    const older = await openAll(there);
    const newer = await openAll(here);
    expect(await currentSessions()).toEqual(inOrder(newer));
    const [first, second] = [await sessions(), new Set(newer.map(({ session }) => String(session)))];
    const begun = new Map(newer.map(({ probe }) => [String(probe._id), probe.connection?.since]));
    for (const { _id, probe, to, reason } of first) {
      const isNew = second.has(String(_id));
      expect([to, reason]).toEqual(isNew ? [undefined, undefined] : [begun.get(String(probe)), 'taken over']);
    }
    expect(first).toHaveLength(2 * CROWD);
    expect(older).toHaveLength(CROWD);
  });

  it('refuses bad tokens among good ones, and touches nothing of theirs', async () => {
    const [revoked, deleted, stranger, ...good] = probes as [
      ProbeEntity,
      ProbeEntity,
      ProbeEntity,
      ...ProbeEntity[],
    ];
    const standing = await open(there, revoked);
    const tokens = [
      here.get(TokensService).probeToken(revoked._id, 7),
      tokenOf(deleted),
      here.get(TokensService).userToken(stranger._id).token,
      'no token at all',
    ];
    const connection = here.module.get<Connection>(getConnectionToken(), { strict: false });
    await connection.collection('probes').deleteOne({ _id: deleted._id });
    const answers = await Promise.all([...tokens, ...good.map(tokenOf)].map((token) => tryOpen(here, token)));
    expect(answers.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined]);
    expect(answers.slice(4).map((each) => String(each?.probe._id))).toEqual(
      good.map(({ _id }) => String(_id)),
    );
    expect((await here.get(ProbesRepository).findById(revoked._id))?.connection?.session).toEqual(
      standing.session,
    );
    expect(await sessions([deleted, stranger])).toEqual([]);
  });

  it('lets in everybody but one whose connection cannot be stored', async () => {
    const [bad, ...others] = probes as [ProbeEntity, ...ProbeEntity[]];
    const tooLarge = 'x'.repeat(17 * 1024 * 1024);
    const answers = await Promise.allSettled([
      ...others.slice(0, 5).map((probe) => open(here, probe)),
      tryOpen(here, tokenOf(bad), { version: tooLarge }),
      ...others.slice(5).map((probe) => open(here, probe)),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(
      answers.map((_answer, index) => (index === 5 ? 'rejected' : 'fulfilled')),
    );
    expect((await sessions(others)).filter(({ to }) => to === undefined)).toHaveLength(CROWD - 1);
    // tried again in halves, nobody has taken over from oneself
    expect((await sessions(others)).filter(({ to }) => to !== undefined)).toEqual([]);
  });

  it('keeps the last of several connections that one probe opens at once', async () => {
    const [probe] = probes as [ProbeEntity];
    const opened = await Promise.all(Array.from({ length: 5 }, () => open(here, probe)));
    const last = opened.at(-1);
    expect(String((await here.get(ProbesRepository).findById(probe._id))?.connection?.session)).toBe(
      String(last?.session),
    );
    const standing = (await sessions([probe])).filter(({ to }) => to === undefined);
    expect(standing.map(({ _id }) => String(_id))).toEqual([String(last?.session)]);
  });

  it('stores what a probe says as it is, also where MongoDB would read it as a field', async () => {
    const [probe] = probes as [ProbeEntity];
    await tryOpen(here, tokenOf(probe), { version: '$owner', kinds: ['$$ROOT', 'ping'] });
    const { connection } = (await here.get(ProbesRepository).findById(probe._id))!;
    expect([connection?.version, connection?.kinds]).toEqual(['$owner', ['$$ROOT', 'ping']]);
  });

  it('closes what a third connection took over while the second one was being looked at', async () => {
    const [probe] = probes as [ProbeEntity];
    await open(here, probe);
    const repository = here.get(ProbeConnectionsRepository);
    const look = repository.findAsTheyAre.bind(repository);
    let third: OpenConnection | undefined;
    jest.spyOn(repository, 'findAsTheyAre').mockImplementationOnce(async (ids) => {
      third = await open(there, probe);
      return look(ids);
    });
    const second = await open(here, probe);
    expect(await here.get(ProbeConnectionsService).isCurrent(probe._id, second.session)).toBe(false);
    const standing = (await sessions([probe])).filter(({ to }) => to === undefined);
    expect(standing.map(({ _id }) => String(_id))).toEqual([String(third?.session)]);
    expect((await sessions([probe])).map(({ reason }) => reason).filter(Boolean)).toEqual([
      'taken over',
      'taken over',
    ]);
  });

  it('says good-bye to many at once, and not to those who are at another server by now', async () => {
    const opened = await openAll(here);
    const moved = probes.slice(0, CROWD / 2);
    const newer = await Promise.all(moved.map((probe) => open(there, probe)));
    const heard = hear(here);
    await Promise.all(opened.map((each) => close(here, each, 'transport close')));
    const left = probes.slice(CROWD / 2).map(({ _id }) => `${_id.toHexString()} false`);
    expect(heard.sort()).toEqual(left.sort());
    const now = await stored();
    expect(now.flatMap(({ connection }) => (connection ? [String(connection.session)] : []))).toEqual(
      inOrder(newer),
    );
    const reasons = (await sessions()).map(({ reason }) => reason ?? 'stands').sort();
    expect(reasons).toEqual(
      ['stands', 'taken over', 'transport close'].flatMap((reason) => Array<string>(CROWD / 2).fill(reason)),
    );
  });

  it('fails those who come while the database is away, and lets them in when it is back', async () => {
    const repository = here.get(ProbeConnectionsRepository);
    jest
      .spyOn(repository, 'setConnections')
      .mockRejectedValueOnce(new mongoose.mongo.MongoNotConnectedError('away'));
    const answers = await Promise.allSettled(probes.map((probe) => open(here, probe)));
    expect(answers.map(({ status }) => status)).toEqual(Array(CROWD).fill('rejected'));
    const opened = await openAll(here);
    expect(await currentSessions()).toEqual(inOrder(opened));
  });

  it('leaves nobody behind when the server ends while they wait', async () => {
    const leaving = await AppContext.start(mongo.uri);
    const connections = leaving.get(ProbeConnectionsService);
    await connections.startAfresh();
    const opening = Promise.allSettled(probes.map((probe) => open(leaving, probe)));
    // the tokens are read, and nothing is written yet
    await Promise.resolve();
    connections.refuseNew();
    await connections.endAll();
    const answers = await opening;
    const refused = answers.filter(
      (each) => each.status === 'rejected' && (each.reason as { code?: string }).code === 'shutting_down',
    );
    expect(refused.length + answers.filter(({ status }) => status === 'fulfilled').length).toBe(CROWD);
    expect((await stored()).filter(({ connection }) => connection !== undefined)).toEqual([]);
    expect((await sessions()).filter(({ to }) => to === undefined)).toEqual([]);
    await leaving.stop();
  });
});
