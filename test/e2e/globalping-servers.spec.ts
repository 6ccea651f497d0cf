import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Account, type Page, type Registered } from '../support/api-world.js';
import { FakeGlobalpingProbe, PING, type Request } from '../support/globalping-probe.js';
import { Platform } from '../support/platform.js';
import { RedisServer, whyNoRedis } from '../support/redis.js';
import { type TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { V1Client } from '../support/v1-client.js';

const TESTS = 6;
const missing = whyNoRedis();
if (missing !== undefined) console.warn(`several servers with Redis are not tested: ${missing}`);

/** The door for Globalping over two servers, and without an account. */
(missing === undefined ? describe : describe.skip)('Globalping at several servers', () => {
  let redis: RedisServer;
  let platform: Platform;
  let here: TestServer;
  let there: TestServer;
  let payer: Account;
  let registered: Registered;
  const open: FakeGlobalpingProbe[] = [];
  const ping = (more: object = {}) => ({ type: 'ping', target: 'example.org', ...more });
  const guest = (server: TestServer, address: string) => new V1Client(server.url, undefined, address);
  const own = (server: TestServer) => new V1Client(server.url, payer.api.token);

  beforeAll(async () => {
    redis = await RedisServer.start();
    platform = await Platform.start({
      ...{ REDIS_URL: redis.url, TRUST_PROXY: '1' },
      GLOBALPING_ANONYMOUS_ACCOUNT: 'payer@example.org',
      GLOBALPING_ANONYMOUS_TESTS_PER_HOUR: String(TESTS),
    });
    here = platform.first;
    there = await platform.join();
    payer = await platform.world.account(100_000, 'payer@example.org');
    registered = await platform.world.probe(payer);
  });
  afterAll(async () => {
    for (const probe of open) probe.close();
    await platform.stop();
    await redis.stop();
  });

  async function connect(server: TestServer, answer: (request: Request) => unknown) {
    const probe = await FakeGlobalpingProbe.connect(server.url, registered.token, { answer });
    open.push(probe);
    for (const each of [here, there])
      await until('both servers list it', async () => {
        const { body } = await guest(each, '192.0.2.250').send<unknown[]>('GET', '/probes');
        return body.length === 1;
      });
    return probe;
  }

  it('shows what a probe at another server says, as it comes', async () => {
    const probe = await connect(there, () => undefined);
    const created = await own(here).create(ping({ inProgressUpdates: true }));
    expect(created.status).toBe(202);
    const [request] = await until('it has begun', () => probe.begun.length === 1 && probe.begun);
    const { measurementId, testId } = request!;
    let reader = 0;
    const read = async () => (await guest(here, `10.0.0.${(reader += 1)}`).read(created.body.id)).body;
    probe.socket.emit('probe:measurement:progress', {
      ...{ measurementId, testId, overwrite: false },
      result: { rawOutput: 'one\n' },
    });
    await until('its output', async () => (await read()).results[0]?.result['rawOutput'] === 'one\n');
    probe.result(request!, PING);
    const over = await until('its result', async () => {
      const found = await read();
      return found.status === 'finished' && found;
    });
    expect(over.results[0]?.result).toEqual(PING);
    probe.close();
  });

  it('lets nobody who shows a wrong token in as a guest, and bounds guests by their address over all servers', async () => {
    const probe = await connect(there, () => PING);
    expect((await new V1Client(here.url, 'nonsense').create(ping())).status).toBe(401);
    const before = await platform.world.balance(payer);
    const [one, other] = [guest(here, '192.0.2.1'), guest(there, '192.0.2.1')];
    const first = await one.create(ping());
    expect([first.status, first.headers.get('x-request-cost')]).toEqual([202, '1']);
    // what the operator's account has is nobody's business
    expect(first.headers.get('x-credits-remaining')).toBeNull();
    expect(first.headers.get('x-ratelimit-limit')).toBe(String(TESTS));
    expect(first.headers.get('x-ratelimit-remaining')).toBe(String(TESTS - 1));
    expect(await platform.world.balance(payer)).toBe(before - 1);
    const tooMany = await one.create<{ error: { params: object } }>(ping({ limit: 51 }));
    expect([tooMany.status, Object.keys(tooMany.body.error.params)]).toEqual([400, ['limit']]);
    // in turns, at both
    for (let count = 1; count < TESTS; count += 1)
      expect((await (count % 2 === 0 ? one : other).create(ping())).status).toBe(202);
    for (const client of [one, other]) {
      const refused = await client.create<{ error: { type: string } }>(ping());
      expect([refused.status, refused.body.error.type]).toEqual([429, 'rate_limit_exceeded']);
      expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
      expect(Number(refused.headers.get('x-ratelimit-reset'))).toBeGreaterThan(3_000);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_000);
      const limits = await client.send('GET', '/limits');
      expect(limits.body).toEqual({
        rateLimit: {
          measurements: { create: { type: 'ip', limit: TESTS, remaining: 0, reset: expect.any(Number) } },
        },
      });
    }
    // another address has its own; one of IPv6 is its network
    expect((await guest(there, '192.0.2.2').create(ping())).status).toBe(202);
    probe.close();
  });

  it('accounts for the runs of a probe whose server is killed, and that goes to another', async () => {
    // one that has nothing left to do for clients
    registered = await platform.world.probe(payer);
    const begun: Request[] = [];
    const first = await connect(there, (request) => {
      begun.push(request);
      return undefined;
    });
    const schedule = { type: 'interval', every_s: 1, stop: new Date(Date.now() + 3_600_000).toISOString() };
    const { id } = await platform.world.operation(payer, [registered], {
      ...{ kind: 'ping', params: { ips: ['9.9.9.9'] }, schedule },
    });
    await until('some have begun', () => begun.length >= 2);
    await there.kill();
    first.close();
    const second = await FakeGlobalpingProbe.connect(here.url, registered.token, { answer: () => PING });
    open.push(second);
    // what it has done meanwhile comes before anything else, to a server that has not asked for it
    for (const request of begun) second.result(request, PING);
    await until('new ones have begun', () => second.begun.length >= 2);
    await payer.api.post(`/api/v1/operations/${id}/stop`, {});
    const coverageOf = async () =>
      (
        await payer.api.get<{ due: number; fates: Record<string, number> }>(
          `/api/v1/operations/${id}/coverage`,
        )
      ).body;
    const { due, fates } = await until('all that has begun is there', async () => {
      const coverage = await coverageOf();
      const runs = new Set([...begun, ...second.begun].map(({ measurementId }) => measurementId));
      return coverage.fates['received'] === runs.size && coverage;
    });
    const { body } = await payer.api.get<Page<{ outcome: string; scheduled_at: string }>>(
      `/api/v1/operations/${id}/results?limit=200`,
    );
    const stored = body.items.filter(({ outcome }) => outcome === 'stored');
    expect(new Set(stored.map(({ scheduled_at }) => scheduled_at)).size).toBe(fates['received']);
    // one that the killed server had noted, and did not come to let begin, has failed
    const all = ['received', 'failed', 'not_connected', 'awaited', 'stopped'];
    expect(all.reduce((sum, fate) => sum + (fates[fate] ?? 0), 0)).toBe(due);
  });
});
