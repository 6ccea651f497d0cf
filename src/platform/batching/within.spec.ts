import { describe, expect, it } from '@jest/globals';
import { within } from './within.js';

const LONG_MS = 600_000;

describe('within', () => {
  it('gives what the work gives, and its error', async () => {
    await expect(within(LONG_MS, 'late', Promise.resolve(7))).resolves.toBe(7);
    await expect(within(LONG_MS, 'late', Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });

  it('says what was awaited in vain, and takes an error that comes after it', async () => {
    let reject: (error: Error) => void = () => undefined;
    const never = new Promise<never>((_resolve, fail) => (reject = fail));
    await expect(within(1, 'nobody answered', never)).rejects.toThrow('nobody answered');
    reject(new Error('too late'));
    await new Promise(setImmediate);
  });
});
