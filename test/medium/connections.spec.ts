import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import { type Connection } from 'mongoose';
import { setTimeout as delay } from 'node:timers/promises';
import { PlatformClock } from '../../src/platform/database/platform-clock.js';
import { ObjectId } from '../../src/platform/database/object-id.js';
import { TokensService } from '../../src/core/users/tokens.service.js';
import { ConnectedProbes } from '../../src/core/presence/connected-probes.js';
import { ProbeConnectionsService } from '../../src/core/presence/probe-connections.service.js';
import { type ProbeChange, ProbeFeed } from '../../src/core/probes/probe-feed.js';
import { type ProbeEntity } from '../../src/core/probes/probe.schema.js';
import { ProbeConnectionsRepository } from '../../src/core/probes/probe-connections.repository.js';
import { TokenRevocationService } from '../../src/core/presence/token-revocation.service.js';
import { ProbesService } from '../../src/core/probes/probes.service.js';
import { ServersRepository } from '../../src/core/servers/servers.repository.js';
import { ServersService } from '../../src/core/servers/servers.service.js';
import { SessionsRepository } from '../../src/core/presence/sessions.repository.js';
import { ProbeVersionsService } from '../../src/core/presence/probe-versions.service.js';
import { UpkeepService } from '../../src/core/presence/upkeep.service.js';
import { AppContext } from '../support/app-context.js';
import { answersOf, speaking } from '../support/probe-link.js';
import { testMongo } from '../support/mongod.js';
import { withWrongClock } from '../support/wrong-clock.js';

const DETAILS = { protocol: 'native', total_credits: 10, in_use_credits: 0 } as const;

describe('connections', () => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let here: AppContext;
  let there: AppContext;
  let probe: ProbeEntity;
  let token: string;

  beforeAll(async () => {
    mongo = await testMongo();
    here = await AppContext.start(mongo.uri);
    there = await AppContext.start(mongo.uri);
  });
  beforeEach(async () => {
    for (const server of [here, there, here]) await server.get(ProbeConnectionsService).startAfresh();
    // leases change when a test says so, not by themselves every few seconds
    for (const server of [here, there])
      clearInterval((server.get(ServersService) as unknown as { timer?: NodeJS.Timeout }).timer);
    probe = await here.probe(await here.user());
    token = here.get(ProbesService).tokenOf(probe);
  });
  afterAll(async () => {
    for (const server of [here, there]) {
      await server.get(ServersService).stop();
      await server.stop();
    }
    await mongo.stop();
  });

  async function open(server: AppContext) {
    const opened = await server.get(ProbeConnectionsService).open(token, DETAILS);
    if (opened === undefined) throw new Error('it was not let in');
    return opened;
  }

  async function isConnected(as: AppContext): Promise<boolean> {
    const probes = as.get(ProbesService);
    return probes.connectionOf(await probes.get(probe._id)) !== undefined;
  }

  const ownerOf = ({ owner }: ProbeEntity) => ({ _id: owner, is_superuser: false });

  async function reasons(): Promise<unknown[]> {
    const connection = here.module.get<Connection>(getConnectionToken(), { strict: false });
    const sessions = await connection
      .collection('sessions')
      .find({ probe: probe._id })
      .sort({ from: 1, _id: 1 })
      .toArray();
    return sessions.map((session) => session['reason'] as unknown);
  }

  it('is current until another takes over, on whichever server', async () => {
    const first = await open(here);
    const current = async (each: typeof first) =>
      there.get(ProbeConnectionsService).isCurrent(each.probe._id, each.session);
    expect(await current(first)).toBe(true);
    const second = await open(there);
    expect([await current(first), await current(second)]).toEqual([false, true]);
  });

  it('is over after a good-bye', async () => {
    const opened = await open(here);
    expect([await isConnected(here), await isConnected(there)]).toEqual([true, true]);
    await here.get(ProbeConnectionsService).close(opened, 'transport close');
    expect([await isConnected(here), await isConnected(there)]).toEqual([false, false]);
    expect(await reasons()).toEqual(['transport close']);
  });

  it('outlives the late good-bye of the one before it, also on another server', async () => {
    const older = await open(here);
    const newer = await open(there);
    await here.get(ProbeConnectionsService).close(older, 'ping timeout');
    await here.get(ProbeConnectionsService).close(older, 'again');
    expect(await isConnected(here)).toBe(true);
    expect(await reasons()).toEqual(['taken over', undefined]);
    await here.get(ProbeConnectionsService).addInUseCredits(older, 5);
    await there.get(ProbeConnectionsService).addInUseCredits(newer, 3);
    const probes = here.get(ProbesService);
    expect(probes.availabilityOf(await probes.get(probe._id))).toBe(0.7);
  });

  it('never uses fewer than no credits', async () => {
    const opened = await open(here);
    await here.get(ProbeConnectionsService).addInUseCredits(opened, -5);
    const probes = here.get(ProbesService);
    expect(probes.availabilityOf(await probes.get(probe._id))).toBe(1);
  });

  describe('are one truth for who shows probes and who chooses them', () => {
    const cost = DETAILS.total_credits;
    const shown = async (as: AppContext) => {
      const probes = as.get(ProbesService);
      const found = (await probes.list({})).find(({ _id }) => _id.equals(probe._id));
      return found !== undefined && probes.connectionOf(found) !== undefined;
    };
    const chosen = async (as: AppContext) => {
      const probes = as.get(ProbesService);
      const [found] = await probes.chosen([probe._id]);
      return probes.isAvailable(found!, cost);
    };
    afterEach(() => {
      jest.restoreAllMocks();
    });

    it('a probe that has gone is shown as here no more, though the database is not told yet', async () => {
      const opened = await open(here);
      let tell: () => void = () => undefined;
      const told = new Promise<void>((resolve) => {
        tell = resolve;
      });
      const repository = here.get(SessionsRepository);
      const close = repository.closeAll.bind(repository);
      jest.spyOn(repository, 'closeAll').mockImplementation(async (ends) => {
        await told;
        await close(ends);
      });
      expect([await shown(here), await chosen(here)]).toEqual([true, true]);
      const closing = here.get(ProbeConnectionsService).close(opened, 'transport close');
      expect([await shown(here), await chosen(here)]).toEqual([false, false]);
      // who comes back meanwhile is here
      const again = await open(here);
      tell();
      await closing;
      expect([await shown(here), await chosen(here)]).toEqual([true, true]);
      await here.get(ProbeConnectionsService).close(again, 'transport close');
    });

    it('one that is let in is here at the moment at which the database has it', async () => {
      const repository = here.get(ProbeConnectionsRepository);
      const write = repository.setConnections.bind(repository);
      const seen: boolean[] = [];
      jest.spyOn(repository, 'setConnections').mockImplementation(async (arrivals) => {
        seen.push(await shown(here));
        await write(arrivals);
        seen.push(await shown(here), await chosen(here));
      });
      await open(here);
      expect(seen).toEqual([false, true, true]);
    });

    it('one whose arrival failed half-way is not', async () => {
      jest.spyOn(here.get(SessionsRepository), 'openAll').mockRejectedValue(new Error('on purpose'));
      await expect(open(here)).rejects.toThrow('on purpose');
      expect([await shown(here), await chosen(here)]).toEqual([false, false]);
    });

    it('one at a server that another has not heard of yet is here for both', async () => {
      const young = await AppContext.start(mongo.uri);
      await young.get(ProbeConnectionsService).startAfresh();
      await open(young);
      // each look is the first one
      expect(await chosen(there)).toBe(true);
      expect(await shown(here)).toBe(true);
      await young.get(ProbeConnectionsService).endAll();
      await young.stop();
    });

    it('what it says of its credits counts in the order in which it says it, before anybody looks', async () => {
      const opened = await open(here);
      const repository = here.get(ProbeConnectionsRepository);
      const add = repository.addInUseCredits.bind(repository);
      let slow = true;
      jest.spyOn(repository, 'addInUseCredits').mockImplementation(async (...change) => {
        // the first of them takes several turns more than the second
        for (let turn = 0; slow && turn < 20; turn += 1) await add(change[0], new ObjectId(), 0);
        slow = false;
        await add(...change);
      });
      const connections = here.get(ProbeConnectionsService);
      void connections.addInUseCredits(opened, 5);
      void connections.addInUseCredits(opened, -5);
      expect(await chosen(here)).toBe(true);
      void connections.addInUseCredits(opened, 1);
      expect(await chosen(here)).toBe(false);
    });
  });

  it('tells of which version a program was at any time, also where a session is one of many', async () => {
    const versions = there.get(ProbeVersionsService);
    const none = await versions.at(probe._id, new Date());
    const begins: Date[] = [];
    for (const version of ['1.0.0', '1.0.0', undefined, '2.0.0']) {
      // the sessions of one millisecond would have no order in time
      const since = begins.at(-1);
      while (since !== undefined && here.get(PlatformClock).now() <= since) await delay(1);
      const details = { ...DETAILS, ...(version !== undefined && { version }) };
      const opened = await here.get(ProbeConnectionsService).open(token, details);
      begins.push(opened!.probe.connection!.since);
    }
    const asked = [begins[0]!, new Date(begins[0]!.getTime() - 1), ...begins, new Date(), begins[1]!];
    const told: unknown[] = [];
    for (const at of asked) told.push((await versions.at(probe._id, at))?.version);
    expect(none).toBeUndefined();
    expect(told).toEqual(['1.0.0', undefined, '1.0.0', '1.0.0', undefined, '2.0.0', '2.0.0', '1.0.0']);
    // what was looked up before it came does not hold after it
    const opened = await here.get(ProbeConnectionsService).open(token, { ...DETAILS, version: '3.0.0' });
    expect(await versions.at(probe._id, opened!.probe.connection!.since)).toEqual(
      expect.objectContaining({ version: '3.0.0' }),
    );
  });

  it('never carries more credits than can be said', async () => {
    const opened = await open(here);
    for (let n = 0; n < 3; n += 1) await here.get(ProbeConnectionsService).addInUseCredits(opened, 1e9);
    const { connection } = await here.get(ProbesService).get(probe._id);
    expect(connection?.in_use_credits).toBe(1e9);
  });

  it('counts no more once the lease of a server that was killed is over', async () => {
    await open(there);
    const connection = here.module.get<Connection>(getConnectionToken(), { strict: false });
    await connection
      .collection<{ _id: string }>('servers')
      .updateOne({ _id: there.get(ServersService).ownId }, { $set: { lease_until: new Date(0) } });
    await here.get(ServersService).start(); // what the timer does
    expect(await isConnected(here)).toBe(false);
  });

  it('is cleared by the next start of the server that was killed, and only its own', async () => {
    await open(there);
    const other = await here.probe(await here.user());
    await here.get(ProbeConnectionsService).open(here.get(ProbesService).tokenOf(other), DETAILS);
    await there.get(ProbeConnectionsService).startAfresh();
    expect(await isConnected(there)).toBe(false);
    expect(await reasons()).toEqual(['server died']);
    const probes = here.get(ProbesService);
    expect(probes.connectionOf(await probes.get(other._id))).toBeDefined();
  });

  const database = (): Connection => here.module.get<Connection>(getConnectionToken(), { strict: false });
  const lease = () => database().collection<{ _id: string }>('servers');
  const upkeep = (server: AppContext) => server.get(UpkeepService).round();

  /** What a server that was killed looks like to others. */
  async function die(server: AppContext, renewedAt: Date): Promise<void> {
    const over = { renewed_at: renewedAt, lease_until: new Date(renewedAt.getTime() + 1) };
    await lease().updateOne({ _id: server.get(ServersService).ownId }, { $set: over });
  }

  function linkOf({ probe: { _id }, session }: Awaited<ReturnType<typeof open>>) {
    const link = {
      probe: _id,
      session,
      ...speaking('native'),
      closed: false,
      deliver: () => answersOf([], { outcome: 'accepted' }),
      stop: () => undefined,
      askToReconnect: () => undefined,
      close: () => {
        link.closed = true;
      },
    };
    return link;
  }

  it('is closed by another server when its own has died: the session ends when that was heard of last', async () => {
    const [first, moved] = [await open(there), await here.probe(await here.user())];
    const movedToken = here.get(ProbesService).tokenOf(moved);
    for (const server of [there, here]) await server.get(ProbeConnectionsService).open(movedToken, DETAILS);
    const died = new Date(first.probe.connection!.since.getTime() + 1);
    await die(there, died);
    const changes: ProbeChange[] = [];
    here.get(ProbeFeed).changes.subscribe((change) => changes.push(change));
    await upkeep(here);
    expect(changes.map((change) => [String(change.probe._id), change.connected])).toEqual([
      [String(probe._id), false],
    ]);
    const [session] = await database().collection('sessions').find({ probe: probe._id }).toArray();
    expect(session).toMatchObject({ to: died, reason: 'server died' });
    const { connection, last_seen } = await here.get(ProbesService).get(probe._id);
    expect([connection, last_seen]).toEqual([undefined, died]);
    expect((await here.get(ProbesService).get(moved._id)).connection?.server).toBe(
      here.get(ServersService).ownId,
    );
    expect(await lease().countDocuments({ _id: there.get(ServersService).ownId })).toBe(0);
    await upkeep(here);
    expect(changes).toHaveLength(1);
  });

  it('ends no earlier than it began, whatever the clocks say', async () => {
    const { probe: opened } = await open(there);
    await die(there, new Date(0));
    await upkeep(here);
    const [session] = await database().collection('sessions').find({ probe: probe._id }).toArray();
    expect(session).toMatchObject({ from: opened.connection!.since, to: opened.connection!.since });
  });

  it('is closed when nobody knows its server any more', async () => {
    await open(there);
    await lease().deleteOne({ _id: there.get(ServersService).ownId });
    await upkeep(here);
    expect((await here.get(ProbesService).get(probe._id)).connection).toBeUndefined();
    expect(await reasons()).toEqual(['server died']);
  });

  it('is left alone while its server lives, also by that server when it is late', async () => {
    const [mine, theirs] = [await open(there), await here.probe(await here.user())];
    await here.get(ProbeConnectionsService).open(here.get(ProbesService).tokenOf(theirs), DETAILS);
    await die(there, new Date());
    const link = linkOf(mine);
    there.get(ConnectedProbes).add(link);
    await upkeep(there);
    expect([link.closed, await reasons()]).toEqual([false, [undefined]]);
    expect((await here.get(ProbesService).get(theirs._id)).connection).toBeDefined();
    there.get(ConnectedProbes).remove(link);
  });

  it('goes by the database’s clock, whatever that of a server says', async () => {
    await open(there);
    await withWrongClock(3_600_000, async () => {
      await here.get(ServersService).start();
      expect(await isConnected(here)).toBe(true);
      await upkeep(here);
    });
    expect(await reasons()).toEqual([undefined]);
  });

  it('is closed here when the database knows better: taken over, revoked, or the probe is gone', async () => {
    const others = await Promise.all(Array.from({ length: 3 }, async () => here.probe(await here.user())));
    const links = await Promise.all(
      [probe, ...others].map(async (each) => {
        const details = here.get(ProbesService).tokenOf(each);
        return linkOf((await here.get(ProbeConnectionsService).open(details, DETAILS))!);
      }),
    );
    for (const link of links) here.get(ConnectedProbes).add(link);
    const [takenOver, revoked, gone, kept] = [probe, ...others];
    await there.get(ProbeConnectionsService).open(token, DETAILS);
    await there.get(TokenRevocationService).revoke(revoked!._id, ownerOf(revoked!));
    await database().collection('probes').deleteOne({ _id: gone!._id });
    await upkeep(here);
    expect(links.map(({ closed }) => closed)).toEqual([true, true, true, false]);
    for (const link of links) here.get(ConnectedProbes).remove(link);
    expect(await reasons()).toEqual(['taken over', undefined]);
    expect(takenOver).toBe(probe);
    const now = await Promise.all([revoked!, kept!].map(({ _id }) => here.get(ProbesService).get(_id)));
    expect(now.map(({ connection }) => connection !== undefined)).toEqual([false, true]);
    const [session] = await database().collection('sessions').find({ probe: revoked!._id }).toArray();
    expect(session?.['reason']).toBe('token revoked');
  });

  it('is closed in the database where it was let in half, and no socket came of it', async () => {
    const connections = here.get(ProbeConnectionsService);
    const failing = jest
      .spyOn(here.get(SessionsRepository), 'openAll')
      .mockRejectedValueOnce(new Error('the database is away'));
    await expect(connections.open(token, DETAILS)).rejects.toThrow('away');
    failing.mockRestore();
    const held = await here.probe(await here.user());
    const opened = await connections.open(here.get(ProbesService).tokenOf(held), DETAILS);
    const link = linkOf(opened!);
    here.get(ConnectedProbes).add(link);
    for (const now of [0, 59_000]) await connections.closeForgotten(now);
    expect(await isConnected(there)).toBe(true);
    await connections.closeForgotten(60_000);
    expect(await isConnected(there)).toBe(false);
    expect([link.closed, (await there.get(ProbesService).get(held._id)).connection !== undefined]).toEqual([
      false,
      true,
    ]);
    // one that comes late is not mistaken for it
    await open(here);
    for (const now of [61_000, 120_000]) await connections.closeForgotten(now);
    expect(await isConnected(there)).toBe(true);
    here.get(ConnectedProbes).remove(link);
  });

  it('is closed on a word of another server only if the database says so too', async () => {
    const first = linkOf(await open(here));
    here.get(ConnectedProbes).add(first);
    const closeIfOver = (session: ObjectId) =>
      here.get(ProbeConnectionsService).closeIfOver(probe._id, session.toHexString());
    await closeIfOver(first.session);
    await closeIfOver(new ObjectId());
    expect(first.closed).toBe(false);
    await open(there);
    await closeIfOver(first.session);
    expect(first.closed).toBe(true);
    here.get(ConnectedProbes).remove(first);
  });

  it('tells of a server that comes back after its lease, and of two with one id', async () => {
    const servers = here.get(ServersRepository);
    const renew = (boot: string) => servers.renew('some-server', boot, 20_000);
    expect(await servers.enter('some-server', 'a', 20_000)).toBeUndefined();
    expect(await renew('a')).toBe('renewed');
    await lease().updateOne({ _id: 'some-server' }, { $set: { lease_until: new Date(0) } });
    expect([await renew('a'), await renew('a')]).toEqual(['lapsed', 'renewed']);
    await lease().deleteOne({ _id: 'some-server' });
    expect([await renew('a'), await renew('a')]).toEqual(['lapsed', 'renewed']);
    expect(await servers.enter('some-server', 'b', 20_000)).toBeInstanceOf(Date);
    expect([await renew('a'), await renew('b')]).toEqual(['taken', 'renewed']);
    await servers.release('some-server', 'a');
    expect(await renew('b')).toBe('renewed');
    await servers.release('some-server', 'b');
  });

  it('is over when its server ends', async () => {
    await open(there);
    await there.get(ProbeConnectionsService).endAll();
    expect(await isConnected(here)).toBe(false);
    expect(await reasons()).toEqual(['server stopped']);
  });

  it('is refused with a revoked token, a user’s, or that of a probe that is not there', async () => {
    await here.get(TokenRevocationService).revoke(probe._id, ownerOf(probe));
    const user = here.get(TokensService).userToken(probe.owner).token;
    const nobody = here.get(TokensService).probeToken(probe.owner, 0);
    for (const wrong of [token, user, nobody, '', undefined, { $gt: '' }]) {
      expect(await here.get(ProbeConnectionsService).open(wrong, DETAILS)).toBeUndefined();
    }
    expect(await reasons()).toEqual([]);
  });
});
