import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { getConnectionToken } from '@nestjs/mongoose';
import { type Connection } from 'mongoose';
import { DomainError } from '../../src/platform/errors/domain.error.js';
import { type Credential } from '../../src/platform/http/permissions.js';
import { OperationCreationService } from '../../src/core/operations/operation-creation.service.js';
import { ProbeLoadsRepository } from '../../src/core/probes/probe-loads.repository.js';
import { type ProbeEntity } from '../../src/core/probes/probe.schema.js';
import { AuthService } from '../../src/core/users/auth.service.js';
import { KeysService } from '../../src/core/users/keys.service.js';
import { TokensService } from '../../src/core/users/tokens.service.js';
import { type UserEntity } from '../../src/core/users/user.schema.js';
import { UsersRepository } from '../../src/core/users/users.repository.js';
import { AppContext } from '../support/app-context.js';
import { testMongo } from '../support/mongod.js';
import { scheduleReading } from '../support/schedule-reading.js';

const CREDITS = 1_000_000;
const ADDRESS = '192.0.2.7';

/** docs/adr/0061: an account as it was read lately is confirmed by its charge, or else by a reading. */
describe.each(['on', 'off'])('with CREDITS=%s, a creation with a remembered account', (credits) => {
  let mongo: Awaited<ReturnType<typeof testMongo>>;
  let server: AppContext;
  let connection: Connection;
  let user: UserEntity;
  let probe: ProbeEntity;
  let token: Credential;
  let key: Credential;

  beforeAll(async () => {
    mongo = await testMongo();
    server = await AppContext.start(mongo.uri, { CREDITS: credits });
    connection = server.module.get<Connection>(getConnectionToken(), { strict: false });
  });
  beforeEach(async () => {
    user = await server.user(CREDITS);
    probe = await server.probe(user);
    token = newToken();
    const { text } = await server.get(KeysService).create(user, { name: 'a program', scopes: ['measure'] });
    key = { kind: 'key', text };
    for (const credential of [token, key]) await server.get(AuthService).identifyAhead(credential, ADDRESS);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(async () => {
    await server.stop();
    await mongo.stop();
  });

  const newToken = (): Credential => ({
    kind: 'token',
    text: server.get(TokensService).userToken(user._id, 0).token,
  });
  const change = (update: object) => connection.collection('users').updateOne({ _id: user._id }, update);
  /** As a route does that is ForUsersAhead. @param ips what to ping */
  const create = async (credential: Credential, ips = ['127.0.0.1']) => {
    const owner = await server.get(AuthService).identifyAhead(credential, ADDRESS);
    if (owner?.confirmation === undefined) throw new Error('the account is not remembered');
    const { confirmation } = owner;
    try {
      const created = await server.get(OperationCreationService).create(owner, {
        kind: 'ping',
        params: { ips },
        schedule: scheduleReading(server, { type: 'once' }),
        probes: [probe._id],
        unknownParams: 'refuse',
        availability: 'whenever',
        visibility: 'public',
      });
      await confirmation.confirm();
      return created;
    } catch (error) {
      await confirmation.confirm();
      throw error;
    }
  };
  const outcomeOf = async (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'stored',
      (error: unknown) => {
        if (error instanceof DomainError) return error.code;
        throw error;
      },
    );
  const stored = () => connection.collection('operations').countDocuments({ owner: user._id });
  const room = async () => (await server.get(ProbeLoadsRepository).find(probe._id)).operations;
  const nothingHasChanged = async () => {
    expect(await stored()).toBe(0);
    const { credits: left } = (await server.get(UsersRepository).findById(user._id)) ?? {};
    expect(left).toBe(CREDITS);
    expect(
      await connection.collection('ledger').countDocuments({ user: user._id, reason: 'operation' }),
    ).toBe(0);
    expect(await room()).toBe(0);
  };

  it.each(['token', 'key'] as const)('is stored with a %s that is good', async (kind) => {
    const credential = kind === 'token' ? token : key;
    const reads = [
      jest.spyOn(server.get(UsersRepository), 'findById'),
      jest.spyOn(server.get(UsersRepository), 'findByKey'),
    ];
    expect(await outcomeOf(create(credential))).toBe('stored');
    expect(await stored()).toBe(1);
    // the charge has read it
    expect(reads.reduce((sum, { mock }) => sum + mock.calls.length, 0)).toBe(credits === 'on' ? 0 : 1);
  });

  it.each<[string, 'token' | 'key', () => Promise<unknown>, string]>([
    ['was logged out', 'token', () => server.get(AuthService).logOut(token.text), 'unauthenticated'],
    [
      'was logged out everywhere',
      'token',
      () => server.get(AuthService).logOutEverywhere(user._id),
      'unauthenticated',
    ],
    [
      'was revoked',
      'key',
      async () => {
        const [only] = await server.get(KeysService).list(user._id);
        await server.get(KeysService).revoke(user._id, only?._id);
      },
      'unauthenticated',
    ],
    [
      'is over',
      'key',
      () => change({ $set: { 'keys.0.expires_at': new Date(Date.now() - 1) } }),
      'unauthenticated',
    ],
    [
      'is of an account that is suspended',
      'token',
      () => change({ $set: { suspended: { at: new Date(), reason: 'noise' } } }),
      'forbidden',
    ],
    [
      'is of an account that is suspended',
      'key',
      () => change({ $set: { suspended: { at: new Date(), reason: 'noise' } } }),
      'forbidden',
    ],
    ['is of a superuser by now', 'token', () => change({ $set: { is_superuser: true } }), 'busy'],
  ])('is refused where what was shown %s (a %s)', async (_what, kind, happens, code) => {
    await happens();
    expect(await outcomeOf(create(kind === 'token' ? token : key))).toBe(code);
    await nothingHasChanged();
  });

  it.each(['token', 'key'] as const)('is refused where the account of a %s is deleted', async (kind) => {
    await server.get(UsersRepository).markDeleted(user._id, new Date());
    expect(await outcomeOf(create(kind === 'token' ? token : key))).toBe('unauthenticated');
    expect(await stored()).toBe(0);
    expect(await room()).toBe(0);
  });

  it('says who the caller is not before it says what the request lacks', async () => {
    await server.get(AuthService).logOut(token.text);
    expect(await outcomeOf(create(token, ['no address']))).toBe('unauthenticated');
    expect(await outcomeOf(create(key, ['no address']))).toBe('invalid_request');
    await change({ $set: { credits: 0 } });
    expect(await outcomeOf(create(key))).toBe(credits === 'on' ? 'not_enough_credits' : 'stored');
  });

  it('says so also where there are no credits', async () => {
    await server.get(AuthService).logOut(token.text);
    await change({ $set: { credits: 0 } });
    expect(await outcomeOf(create(token))).toBe('unauthenticated');
    expect(await stored()).toBe(0);
  });

  it('takes no other of the same owner with it where one is refused', async () => {
    const ended = newToken();
    await server.get(AuthService).identifyAhead(ended, ADDRESS);
    await server.get(AuthService).logOut(ended.text);
    const shown = [token, ended, key, token, key];
    const outcomes = await Promise.all(shown.map((credential) => outcomeOf(create(credential))));
    expect(outcomes).toEqual(['stored', 'unauthenticated', 'stored', 'stored', 'stored']);
    expect([await stored(), await room()]).toEqual([4, 4]);
  });

  it('is stored or refused, whichever comes first, where its token is ended meanwhile', async () => {
    const ending = server.get(AuthService).logOutEverywhere(user._id);
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => outcomeOf(create(token))));
    await ending;
    const made = outcomes.filter((outcome) => outcome === 'stored').length;
    expect(outcomes.filter((outcome) => outcome === 'unauthenticated')).toHaveLength(4 - made);
    expect([await stored(), await room()]).toEqual([made, made]);
    expect(await server.get(AuthService).identify(token, ADDRESS)).toBeUndefined();
  });
});
