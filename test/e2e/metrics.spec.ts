import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { type Account, ApiWorld } from '../support/api-world.js';
import { dnsResult } from '../support/native-probe.js';

const promtool = process.env['PROMTOOL'] ?? `${process.cwd()}/node_modules/.cache/promtool/promtool`;
const version = spawnSync(promtool, ['--version'], { encoding: 'utf8' });
const missing = version.error !== undefined || version.status !== 0;
if (missing) {
  const help = '`scripts/tools.sh promtool` fetches it from Debian';
  console.warn(`SKIPPED: /metrics is not checked by promtool, which is not at ${promtool}; ${help}.`);
}
const withPromtool = missing ? it.skip : it;

const TOKEN = 'a-token-of-the-tests-0123456789';

describe('metrics', () => {
  let world: ApiWorld;
  let user: Account;
  beforeAll(async () => {
    world = await ApiWorld.startProcess({ NTP_SERVER: '127.0.0.1', NTP_SERVER_PORT: '9' });
    user = await world.account(1000);
    const registered = await world.probe(user);
    const probe = await world.connect(registered);
    const more = { kind: 'dns', params: { fqdns: ['example.org'] } };
    const operation = await world.operation(user, [registered], more);
    await probe.told(operation.id);
    await probe.results([dnsResult(operation.id, new Date().toISOString())]);
    await probe.results([dnsResult('6720a1b2c3d4e5f6000000b2', new Date().toISOString())]);
  });
  afterAll(() => world.stop());

  const read = (headers: Record<string, string> = {}) => world.api.get('/metrics', headers);

  withPromtool('promtool finds nothing to say', async () => {
    const { text } = await read();
    const { stdout, stderr, status } = spawnSync(promtool, ['check', 'metrics'], {
      input: text,
      encoding: 'utf8',
    });
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
  });

  withPromtool('promtool would say it (so that this test can fail)', () => {
    const wrong = '# HELP a_ms Milliseconds.\n# TYPE a_ms gauge\na_ms 1\n';
    const { stdout, stderr, status } = spawnSync(promtool, ['check', 'metrics'], {
      input: wrong,
      encoding: 'utf8',
    });
    expect(status).not.toBe(0);
    expect(stdout + stderr).toContain('a_ms');
  });

  it('counts refused results in a counter', async () => {
    const { text } = await read();
    expect(text).toContain('# TYPE pladmed_results_refused_total counter');
    expect(text).toContain('pladmed_results_refused_total{reason="not_assigned"} 1');
  });

  it('has no series of a probe, a user or an operation', async () => {
    expect((await read()).text).not.toMatch(/[0-9a-f]{24}/);
  });

  it.each([
    ['203.0.113.7', 404],
    ['10.0.0.1, 203.0.113.7', 404],
    ['2001:db8::1', 404],
    ['unknown', 404],
    ['10.1.2.3', 200],
    ['fd00::1, 192.168.1.1', 200],
    ['::ffff:10.1.2.3', 200],
  ])('without a token: shown through a proxy for %s: %i', async (forwarded, status) => {
    expect((await read({ 'x-forwarded-for': forwarded })).status).toBe(status);
  });

  it('with METRICS_TOKEN: shown to whoever sends it, and to nobody else', async () => {
    const guarded = await ApiWorld.start({ METRICS_TOKEN: TOKEN });
    try {
      const statusFor = async (headers: Record<string, string>) =>
        (await guarded.api.get('/metrics', headers)).status;
      expect(await statusFor({})).toBe(401);
      expect(await statusFor({ authorization: `Bearer ${TOKEN}x` })).toBe(401);
      expect(await statusFor({ authorization: `Bearer ${TOKEN}` })).toBe(200);
      expect(await statusFor({ authorization: `bearer ${TOKEN}`, 'x-forwarded-for': '203.0.113.7' })).toBe(
        200,
      );
    } finally {
      await guarded.stop();
    }
  });

  it('health says nothing of the network, and of nobody', async () => {
    const { body, text } = await world.api.get<object>('/health/ready');
    expect(Object.keys(body).sort()).toEqual(['clock', 'database', 'database_ms', 'status', 'tail']);
    for (const { address } of Object.values(networkInterfaces()).flatMap((each) => each ?? []))
      if (address !== '127.0.0.1' && address !== '::1') expect(text).not.toContain(address);
  });
});
