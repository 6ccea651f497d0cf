import { describe, expect, test } from '@jest/globals';
import { EVERYWHERE, known, runContext } from '../../test/support/run.context.js';
import { HostPolicy } from '../policy/policy.js';
import { pingParams } from '../kinds/ping/ping.params.js';
import { BOTH_FAMILIES, destinationOf, type Resolve, type Routes, TargetGuard } from './targets.js';

const FOUR = '9.9.9.9';
const SIX = '2620:fe::9';
const watch = () => () => 1;

/** Routes to one family only. */
const only = (family: 'ipv4' | 'ipv6'): Routes => ({
  missing: (address) => Promise.resolve(address.includes(':') === (family === 'ipv6') ? null : 'no_family'),
  families: () => Promise.resolve({ ipv4: family === 'ipv4', ipv6: family === 'ipv6' }),
});

function guard(resolve: Resolve, routes: Routes = EVERYWHERE): TargetGuard {
  const policy = new HostPolicy({ allow: [], deny: [], allowPrivate: false, denyKinds: [] });
  return new TargetGuard(policy, resolve, new AbortController().signal, undefined, routes);
}
const says = (answer: Partial<Awaited<ReturnType<Resolve>>>): Resolve => {
  return () => Promise.resolve({ addresses: [], absent: null, lost: [], ...answer });
};
const find = (targets: TargetGuard, families = BOTH_FAMILIES) => targets.find('a.example', families, watch);

describe('the address of a name', () => {
  const dual = known(() => Promise.resolve([FOUR, SIX]));

  test('is of the family that was asked for', async () => {
    expect(await find(guard(dual))).toMatchObject({ address: FOUR, unreachable: null, note: null });
    expect(await find(guard(dual), new Set([6]))).toMatchObject({ address: SIX });
    expect(await find(guard(dual), new Set([4]))).toMatchObject({ address: FOUR });
  });

  test('is itself where the name is an address, as callers of the classic routes write it', async () => {
    const asked: string[] = [];
    const resolve = (name: string) => Promise.resolve([asked.push(name).toString()]);
    const { targets } = runContext({ resolve });
    const { fqdns, ips } = pingParams.parse({ fqdns: ['9.9.9.10', '127.0.0.1'] });
    const found = await targets.targets({ fqdns, ips }, BOTH_FAMILIES, watch);
    expect(found.map(({ address, resolve_ms }) => [address, resolve_ms])).toEqual([
      ['9.9.9.10', null],
      ['127.0.0.1', null],
    ]);
    await expect(targets.find('10.0.0.1', BOTH_FAMILIES, watch)).rejects.toMatchObject({ reason: 'refused' });
    expect(asked).toEqual([]);
    expect(pingParams.safeParse({ fqdns: ['::1'] }).success).toBe(false);
  });

  // RFC 6724, section 5, rule 1: avoid unusable destinations
  test('is of the family that the host has a route of', async () => {
    expect(await find(guard(dual, only('ipv6')))).toMatchObject({ address: SIX, unreachable: null });
    expect(await find(guard(dual, only('ipv4')))).toMatchObject({ address: FOUR, unreachable: null });
  });

  test('is kept where there is no route, and a run of nothing else fails with the family', async () => {
    const targets = guard(
      known(() => Promise.resolve([SIX])),
      only('ipv4'),
    );
    const found = await find(targets);
    expect(found).toMatchObject({ address: SIX, unreachable: 'no_family' });
    await expect(targets.requireRoute([found])).rejects.toMatchObject({
      reason: 'no_family',
      message: `this probe has no IPv6 route to ${SIX} (no_family)`,
    });
    await targets.requireRoute([found, { address: FOUR, unreachable: null }]);
  });

  test('a host without any route at all sends nothing, which is no family that it lacks', async () => {
    const none: Routes = {
      missing: () => Promise.resolve('no_family'),
      families: () => Promise.resolve({ ipv4: false, ipv6: false }),
    };
    const targets = guard(dual, none);
    await expect(targets.requireRoute([await find(targets)])).rejects.toMatchObject({
      reason: 'nothing_sent',
    });
  });

  test('an IPv4-mapped address is the IPv4 one, for the policy and for the family', async () => {
    const targets = guard(dual, only('ipv4'));
    const ask = (address: string, families: Set<number>) => targets.find(address, families, watch);
    expect(await ask('::ffff:9.9.9.9', new Set([4]))).toMatchObject({ address: FOUR, unreachable: null });
    await expect(ask('::ffff:9.9.9.9', new Set([6]))).rejects.toMatchObject({ reason: 'bad_params' });
    await expect(ask('::ffff:10.0.0.1', new Set([4]))).rejects.toMatchObject({ reason: 'refused' });
    expect(await find(guard(known(() => Promise.resolve(['::ffff:9.9.9.9']))))).toMatchObject({
      address: FOUR,
    });
  });
});

describe('what the resolvers say, and what they do not', () => {
  const lostA = { family: 4, detail: 'A: 192.0.2.53: timeout' } as const;
  const lostAaaa = { family: 6, detail: 'AAAA: 192.0.2.53: SERVFAIL' } as const;

  // RFC 2308: name error and no data are answers about the name
  test.each(['NXDOMAIN', 'NODATA'] as const)('%s is unresolved', async (absent) => {
    await expect(find(guard(says({ absent })))).rejects.toMatchObject({
      reason: 'unresolved',
      message: `a.example has no address (${absent})`,
    });
  });

  test.each([
    [{ lost: [lostA, lostAaaa] }, 'a.example: A: 192.0.2.53: timeout; AAAA: 192.0.2.53: SERVFAIL'],
    [{ lost: [lostA], absent: 'NODATA' as const }, 'a.example: A: 192.0.2.53: timeout'],
  ])('a question that nobody answered is the failure of the resolver: %#', async (answer, message) => {
    await expect(find(guard(says(answer)))).rejects.toMatchObject({ reason: 'resolver_failed', message });
  });

  // RFC 8020: there is nothing at a name that does not exist
  test('NXDOMAIN counts for the other question too', async () => {
    await expect(find(guard(says({ lost: [lostAaaa], absent: 'NXDOMAIN' })))).rejects.toMatchObject({
      reason: 'unresolved',
    });
  });

  test('an A that was lost beside an AAAA that came is told', async () => {
    const answer = says({ addresses: [SIX], lost: [lostA] });
    const [target] = await guard(answer).targets({ ips: [], fqdns: ['a.example'] }, BOTH_FAMILIES, watch);
    expect(destinationOf(target!, null)).toEqual({
      destination: 'a.example',
      address: SIX,
      resolve_ms: 1,
      error: null,
      note: lostA.detail,
    });
    // it is the only family that can be reached that was lost
    await expect(find(guard(answer, only('ipv4')))).rejects.toMatchObject({ reason: 'resolver_failed' });
    const preferred = says({ addresses: [FOUR], lost: [lostAaaa] });
    expect(await find(guard(preferred))).toMatchObject({ address: FOUR, note: null });
  });
});
