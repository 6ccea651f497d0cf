import { describe, expect, test } from '@jest/globals';
import { runContext } from '../../test/support/run.context.js';
import { BOTH_FAMILIES, type TargetGuard } from '../measuring/targets.js';
import { RunFailure } from '../protocol/failure.js';
import { HostPolicy, type PolicySettings } from './policy.js';

const policy = (settings: Partial<PolicySettings> = {}): HostPolicy =>
  new HostPolicy({ allow: [], deny: [], allowPrivate: false, denyKinds: [], ...settings });

describe('the default policy', () => {
  test.each([
    ['127.0.0.1', 'loopback'],
    ['10.0.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'shared'],
    ['169.254.1.1', 'link-local'],
    ['169.254.169.254', 'metadata'],
    ['168.63.129.16', 'metadata'],
    ['0.0.0.0', 'this host'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'reserved'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['fe80::1', 'link-local'],
    ['fc00::1', 'private'],
    ['fd00:ec2::254', 'metadata'],
    ['ff02::1', 'multicast'],
    ['::ffff:169.254.169.254', 'metadata'],
    ['::ffff:7f00:1', 'loopback'],
    ['::127.0.0.1', 'loopback'],
    ['::ffff:0:10.0.0.1', 'private'],
    ['64:ff9b::10.0.0.1', 'private'],
    ['64:ff9b:1::10.0.0.1', 'local translation'],
    ['64:ff9b:1:a00:0:100::', 'local translation'],
    ['100:0:0:1::1', 'dummy'],
    ['2002:7f00:1::', 'loopback'],
    ['2001:0:0:0:0:0:80ff:fffe', 'protocol assignments'],
  ])('%s is denied: %s', (address, rule) => {
    expect(policy().refusal(address)).toContain(rule);
  });

  test.each([
    '1.1.1.1',
    '9.9.9.9',
    '172.32.0.1',
    '2606:4700:4700::1111',
    '2002:101:101::1',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
  ])('%s is allowed', (address) => {
    expect(policy().refusal(address)).toBeNull();
  });

  test.each(['fe80::1%eth0', '127.1', '0x7f000001', 'localhost', ''])('%j is no address', (text) => {
    expect(policy().refusal(text)).toContain('no plain IP address');
  });
});

describe('the host', () => {
  test('allows a network, and denies part of it again', () => {
    const mine = policy({ allow: ['10.0.0.0/8'], deny: ['10.9.0.0/16'] });
    expect(mine.refusal('10.1.2.3')).toBeNull();
    expect(mine.refusal('::ffff:10.1.2.3')).toBeNull();
    expect(mine.refusal('10.9.2.3')).toBe('the host denies 10.9.0.0/16: 10.9.2.3');
    expect(mine.refusal('192.168.0.1')).not.toBeNull();
  });

  test('allows everything, but not what it denies', () => {
    const mine = policy({ allowPrivate: true, deny: ['8.8.8.8', '2001:db8::/32'] });
    expect(mine.refusal('127.0.0.1')).toBeNull();
    expect(mine.refusal('8.8.8.8')).not.toBeNull();
    expect(mine.refusal('2001:db8::1')).not.toBeNull();
  });

  test('allows the loopback only: the metadata address stays denied', () => {
    expect(policy({ allow: ['127.0.0.0/8'] }).refusal('169.254.169.254')).toContain('metadata');
  });

  test.each([
    ['::ffff:9.9.9.9', { deny: ['9.9.9.0/24'] }, 'the host denies 9.9.9.0/24: 9.9.9.9'],
    ['9.9.9.9', { deny: ['::ffff:9.9.9.0/120'] }, 'the host denies ::ffff:9.9.9.0/120: 9.9.9.9'],
    ['::ffff:9.9.9.9', { only: ['9.9.9.0/24'] }, null],
    ['::ffff:10.0.0.1', { allow: ['10.0.0.0/8'] }, null],
    ['::ffff:10.0.0.1', { allow: ['::ffff:0:0/96'] }, null],
  ])('an IPv4-mapped address is the IPv4 one: %s', (address, settings, rule) => {
    expect(policy(settings).refusal(address)).toBe(rule);
  });

  test('writes a network that is none', () => {
    expect(() => policy({ allow: ['10.0.0.0/99'] })).toThrow('10.0.0.0/99 is no network');
  });
});

describe('names', () => {
  const guard = (addresses: string[]): TargetGuard =>
    runContext({ allow: [], resolve: () => Promise.resolve(addresses) }).targets;
  const find = (addresses: string[]) => guard(addresses).find('x.example', BOTH_FAMILIES, () => () => 0);

  test.each(['127.0.0.1', '10.0.0.1', '::ffff:169.254.169.254'])(
    'one that resolves to %s is refused',
    async (address) => {
      await expect(find([address])).rejects.toMatchObject({ reason: 'refused' });
    },
  );

  test('the first allowed address is taken', async () => {
    expect(await find(['10.0.0.1', '9.9.9.9', '1.1.1.1'])).toMatchObject({ address: '9.9.9.9' });
  });

  test('one without an address is unresolved', async () => {
    await expect(find([])).rejects.toMatchObject({ reason: 'unresolved' });
    await expect(find([])).rejects.toBeInstanceOf(RunFailure);
  });

  test('one refused destination refuses the run', async () => {
    const params = { ips: ['1.1.1.1', '127.0.0.1'], fqdns: [] };
    const targets = guard(['9.9.9.9']).targets(params, BOTH_FAMILIES, () => () => 0);
    await expect(targets).rejects.toMatchObject({ reason: 'refused' });
  });
});
