import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import { type Connection } from 'mongoose';
import { TokensService } from '../../src/modules/auth/tokens.service.js';
import { ProbeConnectionsService } from '../../src/modules/probes/probe-connections.service.js';
import { type ProbeEntity } from '../../src/modules/probes/probe.schema.js';
import { ProbesService } from '../../src/modules/probes/probes.service.js';
import { ServersService } from '../../src/modules/probes/servers.service.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';

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

  it('is over when its server ends', async () => {
    await open(there);
    await there.get(ProbeConnectionsService).endAll();
    expect(await isConnected(here)).toBe(false);
    expect(await reasons()).toEqual(['server stopped']);
  });

  it('is refused with a revoked token, a user’s, or that of a probe that is not there', async () => {
    await here.get(ProbesService).revokeToken(probe._id, probe.owner);
    const user = here.get(TokensService).userToken(probe.owner).token;
    const nobody = here.get(TokensService).probeToken(probe.owner, 0);
    for (const wrong of [token, user, nobody, '', undefined, { $gt: '' }]) {
      expect(await here.get(ProbeConnectionsService).open(wrong, DETAILS)).toBeUndefined();
    }
    expect(await reasons()).toEqual([]);
  });
});
