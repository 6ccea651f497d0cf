import { describe, expect, it } from '@jest/globals';
import { LimitReachedError } from '../../platform/errors/domain.error.js';
import { LimitHits } from '../../platform/limits/limit-hits.js';
import { parseEnv } from '../../config/env.js';
import { AttemptsService } from './attempts.service.js';

const ADA = 'ada@example.org';
const HERE = '192.0.2.1';
const fails = () => Promise.resolve(undefined);
const succeeds = () => Promise.resolve('in');

function service(settings: Record<string, string> = {}): AttemptsService {
  const env = parseEnv({
    SECRET_KEY: 'sixteen characters',
    LOGIN_MAX_FAILURES: '3',
    LOGIN_MAX_FAILURES_PER_ADDRESS: '5',
    REGISTER_MAX_PER_ADDRESS: '2',
    ...settings,
  });
  return new AttemptsService(new LimitHits(), env);
}

async function refusal(attempt: Promise<unknown>): Promise<LimitReachedError> {
  const error: unknown = await attempt.catch((thrown: unknown) => thrown);
  if (!(error instanceof LimitReachedError)) throw new Error('it was not refused');
  return error;
}

describe('AttemptsService', () => {
  it('refuses an account after so many failures from one address, and says when it is free again', async () => {
    const attempts = service();
    for (let n = 0; n < 3; n += 1) await attempts.logIn(ADA, HERE, fails);
    const { code, reached } = await refusal(attempts.logIn(ADA, HERE, succeeds));
    expect(code).toBe('too_many_attempts');
    expect(reached).toMatchObject({ bound: 'login_account', limit: 3, used: 3 });
    const minutes = ((reached.freeAt?.getTime() ?? 0) - Date.now()) / 60_000;
    expect(Math.round(minutes)).toBe(15);
  });

  it('locks nobody out for what others try elsewhere', async () => {
    const attempts = service();
    for (let n = 0; n < 3; n += 1) await attempts.logIn(ADA, HERE, fails);
    expect(await attempts.logIn(ADA, '192.0.2.2', succeeds)).toBe('in');
    expect(await attempts.logIn('bob@example.org', HERE, succeeds)).toBe('in');
  });

  it('refuses an address that tries many accounts', async () => {
    const attempts = service();
    for (let n = 0; n < 5; n += 1) await attempts.logIn(`user-${n}@example.org`, HERE, fails);
    const { reached } = await refusal(attempts.logIn(ADA, HERE, succeeds));
    expect(reached).toMatchObject({ bound: 'login_address', limit: 5 });
  });

  it('counts those that are refused for their account not against their address', async () => {
    const attempts = service();
    for (let n = 0; n < 3; n += 1) await attempts.logIn(ADA, HERE, fails);
    for (let n = 0; n < 10; n += 1) await refusal(attempts.logIn(ADA, HERE, succeeds));
    expect(await attempts.logIn('bob@example.org', HERE, succeeds)).toBe('in');
  });

  it('forgets the failures of who gets in, and does not count errors of ours', async () => {
    const attempts = service({ LOGIN_MAX_FAILURES_PER_ADDRESS: '1000' });
    for (let n = 0; n < 5; n += 1) {
      await attempts.logIn(ADA, HERE, fails);
      await attempts.logIn(ADA, HERE, fails);
      const broken = attempts.logIn(ADA, HERE, () => Promise.reject(new Error('ours')));
      await expect(broken).rejects.toThrow('ours');
      expect(await attempts.logIn(ADA, HERE, succeeds)).toBe('in');
    }
  });

  it('counts attempts that are made at once', async () => {
    const attempts = service();
    let tried = 0;
    const slowly = async () => {
      tried += 1;
      await new Promise(setImmediate);
      return undefined;
    };
    await Promise.allSettled(Array.from({ length: 20 }, () => attempts.logIn(ADA, HERE, slowly)));
    expect(tried).toBe(3);
  });

  it('bounds registrations by address', async () => {
    const attempts = service();
    await attempts.register(HERE);
    await attempts.register(HERE);
    expect((await refusal(attempts.register(HERE))).reached.bound).toBe('register_address');
    await attempts.register('192.0.2.2');
  });

  it('bounds nothing where the limits are 0', async () => {
    const attempts = service({
      LOGIN_MAX_FAILURES: '0',
      LOGIN_MAX_FAILURES_PER_ADDRESS: '0',
      REGISTER_MAX_PER_ADDRESS: '0',
    });
    for (let n = 0; n < 50; n += 1) {
      await attempts.logIn(ADA, HERE, fails);
      await attempts.register(HERE);
    }
    expect(await attempts.logIn(ADA, HERE, succeeds)).toBe('in');
  });
});
