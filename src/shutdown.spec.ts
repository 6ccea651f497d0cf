import { describe, expect, it } from '@jest/globals';
import { shutDown } from './shutdown.js';

describe('shutDown', () => {
  it.each([
    ['ends', () => Promise.resolve(), 0],
    ['fails', () => Promise.reject(new Error('the database is away')), 1],
    ['hangs', () => new Promise<void>(() => undefined), 1],
  ])('stops the database where the application %s', async (_what, end, exitCode) => {
    let stopped = 0;
    const stop = () => {
      stopped += 1;
      return Promise.resolve();
    };
    expect(await shutDown(end, { stop }, { error: () => undefined }, 50)).toBe(exitCode);
    expect(stopped).toBe(1);
  });
});
