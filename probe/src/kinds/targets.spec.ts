import { describe, expect, test } from '@jest/globals';
import { runContext } from '../../test/support/run.context.js';
import { pingParams } from './ping/ping.params.js';

describe('the address of a name', () => {
  const asked: string[] = [];
  const { targets } = runContext({
    resolve: (name) => {
      asked.push(name);
      return Promise.resolve(['9.9.9.9', '2620:fe::9']);
    },
  });

  test('is of the family that was asked for', async () => {
    expect(await targets.addressOf('a.example')).toBe('9.9.9.9');
    expect(await targets.addressOf('a.example', new Set([6]))).toBe('2620:fe::9');
    expect(await targets.addressOf('a.example', new Set([4]))).toBe('9.9.9.9');
  });

  test('is itself where the name is an IPv4 address, as callers of the classic routes write it', async () => {
    asked.length = 0;
    const { fqdns, ips } = pingParams.parse({ fqdns: ['9.9.9.10', '127.0.0.1'] });
    expect(await targets.destinations({ fqdns, ips })).toEqual(['9.9.9.10', '127.0.0.1']);
    await expect(targets.addressOf('10.0.0.1')).rejects.toMatchObject({ reason: 'refused' });
    expect(asked).toEqual([]);
    expect(pingParams.safeParse({ fqdns: ['::1'] }).success).toBe(false);
  });
});
