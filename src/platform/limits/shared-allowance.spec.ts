import { describe, expect, it } from '@jest/globals';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { SharedAllowance } from './shared-allowance.js';

/** The one count, and how often it was asked. */
class Count extends RateLimiterMemory {
  asked = 0;
  broken = false;

  override consume(key: string | number, points?: number) {
    this.asked += 1;
    if (this.broken) return Promise.reject(new Error('away'));
    return super.consume(key, points);
  }
}

const count = () => new Count({ points: 10, duration: 3600 });

describe('SharedAllowance', () => {
  it('gives no more than there is, however many ask at once, and takes nothing of a refused request', async () => {
    const limiter = count();
    const servers = [1, 2, 3].map(() => new SharedAllowance(limiter));
    const taken = await Promise.all(
      Array.from({ length: 20 }, (_each, index) => servers[index % 3]!.take('a', 1)),
    );
    expect(taken.filter((each) => each !== undefined)).toHaveLength(10);
    expect(await servers[0]!.left('a')).toEqual({ limit: 10, remaining: 0, reset: 3600 });
    await servers[0]!.giveBack('a', 4);
    expect(await servers[1]!.take('a', 5)).toBeUndefined();
    expect(await servers[1]!.take('a', 4)).toEqual({ limit: 10, remaining: 0, reset: 3600 });
    expect(await servers[2]!.take('b', 11)).toBeUndefined();
    expect((await servers[2]!.left('b')).remaining).toBe(10);
  });

  it('asks nobody while it is far from all, and counts it behind the answer', async () => {
    const limiter = count();
    const [one, other] = [new SharedAllowance(limiter), new SharedAllowance(limiter)];
    expect((await one.take('a', 2))?.remaining).toBe(8);
    limiter.broken = true;
    const asked = limiter.asked;
    const taking = one.take('a', 1);
    // behind the answer, and lost with the database
    expect([(await taking)?.remaining, limiter.asked]).toEqual([7, asked + 1]);
    limiter.broken = false;
    await new Promise(setImmediate);
    // the next one asks the database, which has the two of the first
    expect((await one.take('a', 1))?.remaining).toBe(7);
    expect((await other.take('a', 1))?.remaining).toBe(6);
    expect(await one.take('a', 7)).toBeUndefined();
    expect((await one.take('a', 6))?.remaining).toBe(0);
  });

  it('tells of a database that does not answer where it has to decide', async () => {
    const limiter = count();
    limiter.broken = true;
    await expect(new SharedAllowance(limiter).take('a', 1)).rejects.toThrow('away');
  });
});
