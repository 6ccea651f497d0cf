import { describe, expect, it, jest } from '@jest/globals';
import { JwtService } from '@nestjs/jwt';
import { ObjectId } from '../../platform/database/object-id.js';
import { parseEnv } from '../../config/env.js';
import { TokensService } from './tokens.service.js';

const SECRET = 'a-secret-of-the-tests-0123456789';
const jwt = new JwtService({ secret: SECRET, signOptions: { algorithm: 'HS256' } });
const tokens = new TokensService(jwt, parseEnv({ SECRET_KEY: SECRET, USER_TOKEN_TTL_HOURS: '2' }));
const id = new ObjectId('6720a1b2c3d4e5f6000000a1');
const hex = id.toHexString();

describe('TokensService', () => {
  it('reads back what it gave out', () => {
    const { token, expiresAt } = tokens.userToken(id);
    expect(tokens.readUserToken(token)).toEqual(id);
    expect(jwt.decode<{ exp: number }>(token).exp).toBe(Math.floor(expiresAt.getTime() / 1000));
    expect(tokens.readProbeToken(tokens.probeToken(id, 3))).toEqual({ id, tokenVersion: 3 });
  });

  it('verifies a token once, and takes it until its end', () => {
    const { token, expiresAt } = tokens.userToken(id);
    const verify = jest.spyOn(jwt, 'verify');
    const clock = jest.spyOn(Date, 'now');
    try {
      expect([tokens.readUserToken(token), tokens.readUserToken(token)]).toEqual([id, id]);
      expect(verify).toHaveBeenCalledTimes(1);
      clock.mockReturnValue(Math.floor(expiresAt.getTime() / 1000) * 1000);
      expect(tokens.readUserToken(token)).toBeUndefined();
    } finally {
      verify.mockRestore();
      clock.mockRestore();
    }
  });

  it('gives the same token for the same probe and version, another for another', () => {
    expect(tokens.probeToken(id, 1)).toBe(tokens.probeToken(id, 1));
    expect(tokens.probeToken(id, 1)).not.toBe(tokens.probeToken(id, 2));
  });

  it('never takes one kind for the other', () => {
    expect(tokens.readProbeToken(tokens.userToken(id).token)).toBeUndefined();
    expect(tokens.readUserToken(tokens.probeToken(id, 0))).toBeUndefined();
  });

  it('takes the probe tokens of classic servers as version 0', () => {
    expect(tokens.readProbeToken(jwt.sign({ identifier: hex }))).toEqual({ id, tokenVersion: 0 });
  });

  const user = { iss: 'pladmed', kind: 'user', sub: hex };
  const exp = Math.floor(Date.now() / 1000) + 60;
  it.each([
    ['another key', new JwtService({ secret: 'another secret' }).sign({ ...user, exp })],
    [
      'no signature',
      `${jwt
        .sign({ ...user, exp })
        .split('.')
        .slice(0, 2)
        .join('.')}.`,
    ],
    [
      'the algorithm none',
      `${Buffer.from('{"alg":"none"}').toString('base64url')}.${jwt.sign({ ...user, exp }).split('.')[1] ?? ''}.`,
    ],
    ['another algorithm', jwt.sign({ ...user, exp }, { algorithm: 'HS512' })],
    ['a time that is over', jwt.sign({ ...user, exp: exp - 120 })],
    ['no end', jwt.sign(user)],
    ['another issuer', jwt.sign({ ...user, iss: 'x', exp })],
    ['no kind', jwt.sign({ iss: 'pladmed', sub: hex, exp })],
    ['an id that is none', jwt.sign({ ...user, sub: 'x', exp })],
    ['an operator for an id', jwt.sign({ ...user, sub: { $gt: '' }, exp } as never)],
    ['nothing in it', ''],
  ])('refuses a user’s token with %s', (_what, token) => {
    expect(tokens.readUserToken(token)).toBeUndefined();
  });
});
