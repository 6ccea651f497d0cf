import { expect, test } from '@jest/globals';
import { FakeClock } from '../../test/support/fake.clock.js';
import { FamilyWatch } from './families.js';
import { findFamilies, missingRoute, routeProblem } from './routes.js';

test('a network that comes or goes is noticed, and told once', async () => {
  const clock = new FakeClock(0);
  const aMinute = () => clock.pass(60_000, () => new Promise(setImmediate));
  let found = { ipv4: true, ipv6: false };
  const watch = new FamilyWatch(clock, () => Promise.resolve(found));
  const told: object[] = [];
  watch.onChange = () => told.push(watch.current);
  await watch.start();
  expect(watch.current).toEqual({ ipv4: true, ipv6: false });
  await aMinute();
  expect(told).toEqual([]);
  found = { ipv4: true, ipv6: true };
  await aMinute();
  expect(told).toEqual([found]);
  watch.stop();
});

test('the routes of this host are asked, and nothing is sent', async () => {
  expect(await routeProblem('127.0.0.1')).toBeNull();
  // RFC 4007: a link-local address says nothing without its link
  expect(await routeProblem('fe80::1')).not.toBeNull();
  expect(await missingRoute('127.0.0.1')).toBeNull();
});

test('a host that does not tell its addresses has the families that its routes say', async () => {
  const refused = () => {
    throw new Error('uv_interface_addresses returned Unknown system error 97');
  };
  const told = await findFamilies(refused);
  expect(told).toEqual(await findFamilies(() => ({})));
  const address = { netmask: '', mac: '', cidr: null, internal: false };
  const lan = await findFamilies(() => ({ eth0: [{ ...address, family: 'IPv4', address: '10.0.0.2' }] }));
  expect(lan.ipv4).toBe(true);
});
