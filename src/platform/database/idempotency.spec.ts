import { describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { DomainError } from '../errors/domain.error.js';
import { createOnce, type Idempotency, idempotencyMembers, type Idempotent } from './idempotency.js';

const ONCE: Idempotency = { key: 'k', request: { of: 'one' } };

describe('a creation that may be asked for again', () => {
  /** @param stored what is found, look by look */
  function asked(
    idempotency: Idempotency | undefined,
    stored: (Idempotent | null)[],
    create = () => Promise.resolve('new'),
  ) {
    const looks = [...stored];
    return createOnce<Idempotent, string>(idempotency, {
      find: () => Promise.resolve(looks.shift() ?? null),
      show: () => 'first',
      create,
    });
  }
  const failing = (error: Error) => () => Promise.reject(error);
  const duplicate = new mongoose.mongo.MongoServerError({ message: 'E11000', code: 11_000 });
  const ofOnce = idempotencyMembers(ONCE);

  it('is carried out where there is no key, or nothing was made with it', async () => {
    expect(await asked(undefined, [ofOnce])).toBe('new');
    expect(idempotencyMembers(undefined)).toEqual({});
    expect(await asked(ONCE, [])).toBe('new');
  });

  it('gives what the first one made, and is refused for another request', async () => {
    expect(await asked(ONCE, [ofOnce], failing(new Error('made twice')))).toBe('first');
    const other = asked({ key: 'k', request: { of: 'another' } }, [ofOnce]);
    await expect(other).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  });

  it.each([
    ['the other one was faster', duplicate],
    ['the other one took what this one lacked', new DomainError('not_enough_credits')],
  ])('gives what the same request made meanwhile: %s', async (_why, error) => {
    expect(await asked(ONCE, [null, ofOnce], failing(error))).toBe('first');
    await expect(asked(ONCE, [], failing(error))).rejects.toBe(error);
  });

  it('does not look for it where this one failed for a reason of its own', async () => {
    const failure = new TypeError('ours');
    await expect(asked(ONCE, [null, ofOnce], failing(failure))).rejects.toBe(failure);
  });
});
