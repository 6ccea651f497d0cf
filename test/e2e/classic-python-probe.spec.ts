import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { create, type Kind } from '../support/classic-factories.js';
import { ClassicWorld, type Person } from '../support/classic-world.js';
import { PythonProbe, pythonWithSocketIo } from '../support/python-probe.js';
import { measure, whyNoScamper } from '../support/scamper.js';
import { startTlsProxy, type TlsProxy } from '../support/tls-proxy.js';
import { until } from '../support/until.js';

const REWARD = 10;
const SET_UP_MS = 180_000;
const LOCALHOST = { ips: ['127.0.0.1'] };

const has = (program: string): boolean => spawnSync('which', [program]).status === 0;

let python = '';
let missing =
  whyNoScamper() ??
  ['dig', 'openssl', 'python3']
    .filter((program) => !has(program))
    .map((name) => `${name} is not installed`)[0];
if (missing === undefined) {
  const found = await pythonWithSocketIo();
  if ('missing' in found) missing = found.missing;
  else python = found.python;
}
if (missing !== undefined) console.log(`Skipped: no classic probe in Python, since ${missing}.`);

(missing === undefined ? describe : describe.skip)('a classic probe in Python, behind TLS', () => {
  let world: ClassicWorld;
  let tls: TlsProxy;
  let ada: Person;
  let bob: Person;
  let identifier: string;
  let token: string;
  let folder: string;
  let probe: PythonProbe;

  beforeAll(async () => {
    world = await ClassicWorld.startProcess();
    tls = await startTlsProxy(world.server.url);
    ada = await world.person(10_000);
    bob = await world.person();
    ({ token, identifier } = await world.registerProbe(bob));
    folder = await mkdtemp(join(tmpdir(), 'pladmed-probe-'));
    probe = PythonProbe.start(python, tls.url, token, folder);
    await probe.until('it is connected', () => probe.of('connected').length > 0);
  }, SET_UP_MS);

  afterAll(async () => {
    await probe.end();
    await tls.stop();
    await world.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const newOperation = async (kind: Kind, params: Record<string, unknown>): Promise<string> => {
    const format = { result_format: 'json' };
    return (await create(ada.api, kind, [identifier], { times_per_minute: 1, ...params }, format))._id;
  };
  const finished = (id: string) =>
    probe.until(`${id} is finished`, () => probe.of('finished', id).length > 0);
  const allAcknowledged = () => until('nothing is kept', async () => (await probe.kept()).length === 0);
  const shown = async (id: string) => (await world.operation(id)).results;

  test('is listed with what its headers said', async () => {
    expect(await world.listed(identifier)).toMatchObject({ connected: true, availability: 1 });
    expect(tls.connections()).toBeGreaterThan(0);
  });

  test.each([
    ['ping', { ...LOCALHOST, probecount: 1 }, 'ping'],
    ['traceroute', { ...LOCALHOST, maxttl: 2, method: 'udp-paris' }, 'trace'],
  ] as [Kind, Record<string, unknown>, string][])(
    'measures and delivers a %s',
    async (kind, params, type) => {
      const before = await world.balance(bob);
      const id = await newOperation(kind, params);
      await finished(id);
      await allAcknowledged();
      const results = await shown(id);
      expect(results).toEqual([
        {
          probe: identifier,
          results: [
            expect.objectContaining({ type: 'cycle-start' }),
            expect.objectContaining({ type, dst: '127.0.0.1' }),
            expect.objectContaining({ type: 'cycle-stop' }),
          ],
        },
      ]);
      expect(await world.balance(bob)).toBe(before + REWARD);
      expect(probe.of('acknowledged', id).map(({ answer }) => answer)).toEqual([[id]]);
    },
  );

  test('measures and delivers a dns lookup, whatever dig printed', async () => {
    const id = await newOperation('dns', { fqdns: ['localhost'] });
    await finished(id);
    await allAcknowledged();
    expect(await shown(id)).toEqual([{ probe: identifier, results: expect.any(String) }]);
  });

  test('what it has in use is seen, and given back', async () => {
    const id = await newOperation('ping', { ...LOCALHOST, probecount: 2 });
    const availability = async () => (await world.listed(identifier))?.availability ?? Number.NaN;
    await until('one credit of its thousand is in use', async () => (await availability()) === 1 - 1 / 1000);
    await finished(id);
    await until('all is given back', async () => (await availability()) === 1);
    await allAcknowledged();
  });

  test('comes back after kill -9 of the server amid its results: each is there once and paid once', async () => {
    const before = await world.balance(bob);
    const runs = 12;
    const id = await newOperation('traceroute', { ...LOCALHOST, maxttl: 2, times_per_minute: runs });
    await probe.until('some are acknowledged', () => probe.of('acknowledged', id).length >= 2);
    await world.server.kill();
    await finished(id);
    await probe.until('it noticed', () => probe.of('disconnected').length > 0);
    expect((await probe.kept()).length).toBeGreaterThan(0);
    await world.restart();
    await allAcknowledged();
    expect(await shown(id)).toHaveLength(runs);
    expect(await world.balance(bob)).toBe(before + runs * REWARD);
    expect(
      probe.of('operation').filter(({ operation }) => (operation as { _id: string })._id === id),
    ).toHaveLength(1);
    expect((await world.listed(identifier))?.connected).toBe(true);
  });

  test('started again with a result on its disk that was delivered before: acknowledged, no second copy', async () => {
    const id = await newOperation('ping', { ...LOCALHOST, probecount: 1 });
    await finished(id);
    await allAcknowledged();
    const before = await world.balance(bob);
    const code = String(probe.of('acknowledged', id)[0]?.['unique_code']);
    await probe.end();
    await until('it is gone', async () => (await world.listed(identifier))?.connected === false);
    await writeFile(join(folder, `${id}.${code}.warts`), await measure('ping -c 1'));
    probe = PythonProbe.start(python, tls.url, token, folder);
    await allAcknowledged();
    expect(probe.of('acknowledged', id).map(({ answer }) => answer)).toEqual([[id]]);
    expect(probe.of('operation')).toEqual([]);
    expect(await shown(id)).toHaveLength(1);
    expect(await world.balance(bob)).toBe(before);
  });

  test('with a bad token it is refused, and told why', async () => {
    const other = await mkdtemp(join(tmpdir(), 'pladmed-probe-'));
    const refused = PythonProbe.start(python, tls.url, 'bad', other);
    await refused.until('it is refused', () => refused.of('refused').length > 0);
    expect(refused.of('refused')[0]?.['data']).toMatchObject({ message: 'Invalid token' });
    expect(await refused.ended()).toBe(1);
    await rm(other, { recursive: true, force: true });
  });
});
