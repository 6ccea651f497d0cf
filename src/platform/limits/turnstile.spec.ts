import { describe, expect, it } from '@jest/globals';
import { Turnstile, TurnstileFullError } from './turnstile.js';

const LONG_MS = 60_000;
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('Turnstile', () => {
  it('lets in so many at a time, the others in order as places come free', async () => {
    const turnstile = new Turnstile(2, 10, LONG_MS);
    const entered: number[] = [];
    const leaves: (() => void)[] = [];
    const all = [0, 1, 2, 3].map(async (who) => {
      leaves[who] = await turnstile.enter();
      entered.push(who);
    });
    await nextTurn();
    expect([entered, turnstile.waiting]).toEqual([[0, 1], 2]);
    leaves[1]?.();
    // leaving twice frees one place only
    leaves[1]?.();
    await nextTurn();
    expect([entered, turnstile.waiting]).toEqual([[0, 1, 2], 1]);
    leaves[0]?.();
    await Promise.all(all);
    expect(entered).toEqual([0, 1, 2, 3]);
  });

  it('sends away whom there is no room for in the queue', async () => {
    const turnstile = new Turnstile(1, 1, LONG_MS);
    const leave = await turnstile.enter();
    const second = turnstile.pass(() => Promise.resolve('second'));
    await expect(turnstile.enter()).rejects.toBeInstanceOf(TurnstileFullError);
    leave();
    await expect(second).resolves.toBe('second');
  });

  it('sends away who has waited too long, and keeps no place for them', async () => {
    const turnstile = new Turnstile(1, 5, 1);
    const leave = await turnstile.enter();
    await expect(turnstile.enter()).rejects.toBeInstanceOf(TurnstileFullError);
    expect(turnstile.waiting).toBe(0);
    leave();
    (await turnstile.enter())();
  });

  it('frees the place of work that fails', async () => {
    const turnstile = new Turnstile(1, 0, LONG_MS);
    await expect(turnstile.pass(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(turnstile.pass(() => Promise.resolve('yes'))).resolves.toBe('yes');
  });
});
