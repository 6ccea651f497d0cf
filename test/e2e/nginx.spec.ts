import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Account, type Operation, pingOn } from '../support/api-world.js';
import { create } from '../support/classic-factories.js';
import { FieldedProbe } from '../support/classic-probe.js';
import { HttpClient } from '../support/client.js';
import { NativeProbe } from '../support/native-probe.js';
import { Nginx, whyNoNginx } from '../support/nginx.js';
import { Platform } from '../support/platform.js';
import { RedisServer, whyNoRedis } from '../support/redis.js';
import { freePort, type TestServer } from '../support/server.js';

const ADDRESSES = ['127.0.0.1', '127.0.0.2'];
const missing = whyNoNginx() ?? whyNoRedis();
if (missing !== undefined) console.warn(`two servers behind nginx are not tested: ${missing}`);

(missing === undefined ? describe : describe.skip)('two servers behind nginx', () => {
  let redis: RedisServer;
  let platform: Platform;
  let there: TestServer;
  let nginx: Nginx;
  let user: Account;
  const probes: { close(): void }[] = [];

  beforeAll(async () => {
    redis = await RedisServer.start();
    const port = String(await freePort());
    const [first, second] = ADDRESSES;
    platform = await Platform.start({ REDIS_URL: redis.url, PORT: port, HOST: first!, TRUST_PROXY: '1' });
    there = await platform.join({ HOST: second! });
    nginx = await Nginx.start(
      { BACKEND: `server:${port}`, UPSTREAMS: `server-1:${port} server-2:${port}` },
      { server: ADDRESSES, 'server-1': [first!], 'server-2': [second!] },
    );
    user = await platform.world.account(1000);
  });
  afterAll(async () => {
    for (const probe of probes) probe.close();
    await nginx.stop();
    await platform.stop();
    await redis.stop();
  });

  const connect = async (token: string) => {
    const probe = await NativeProbe.connect(nginx.url, token);
    probes.push(probe);
    await probe.firstSync();
    return probe;
  };
  const ask = (method: string, path: string, json?: unknown) =>
    new HttpClient(nginx.url).send<Operation>(method, path, {
      headers: { authorization: `Bearer ${user.api.token ?? ''}` },
      json,
    });

  it('share those who come by websocket, whose address is one and the same', async () => {
    const registered = await Promise.all(Array.from({ length: 24 }, () => platform.world.probe(user)));
    for (const { token } of registered) await connect(token);
    const counts = await Promise.all(
      [platform.first, there].map(async (server) =>
        (await platform.metric(server, 'pladmed_probes_connected')).get('{protocol="native"}'),
      ),
    );
    expect(counts[0]! + counts[1]!).toBe(24);
    expect(Math.min(counts[0]!, counts[1]!)).toBeGreaterThan(0);
  });

  it('keep one that polls at one of them', async () => {
    const registered = await platform.world.probe(user);
    const probe = new FieldedProbe(nginx.url, registered.token, { transport: 'polling' });
    probes.push(probe);
    await probe.connected();
    for (let n = 0; n < 5; n += 1) {
      const { _id } = await create(new HttpClient(nginx.url, user.api.token), 'ping', [registered.id]);
      await probe.job(_id);
    }
    expect(probe.disconnects).toEqual([]);
  });

  it('take files that are larger than other bodies may be', async () => {
    const upload = (token?: string) =>
      fetch(`${nginx.url}/api/v1/imports?name=large`, {
        method: 'POST',
        headers: { ...(token && { authorization: `Bearer ${token}` }) },
        body: Buffer.alloc(5_000_000, 1),
      });
    expect((await upload(user.api.token)).status).toBe(202);
    // refused before it is read
    for (let n = 0; n < 20; n += 1) {
      const stranger = await upload();
      expect([stranger.status, await stranger.json()]).toEqual([
        401,
        expect.objectContaining({ status: 401 }),
      ]);
    }
  });

  it('answer everybody while one of them is dead', async () => {
    const registered = await platform.world.probe(user);
    await there.kill();
    for (let n = 0; n < 12; n += 1) {
      const made = await ask('POST', '/api/v1/operations', pingOn([registered]));
      expect(made.status).toBe(201);
      expect((await ask('GET', `/api/v1/operations/${made.body.id}`)).status).toBe(200);
    }
    for (let n = 0; n < 6; n += 1) {
      const probe = await connect(registered.token);
      expect((await probe.firstSync()).operations).toHaveLength(12);
    }
  });
});

(missing === undefined ? describe : describe.skip)('nginx before a server that is away', () => {
  let nginx: Nginx;

  beforeAll(async () => {
    nginx = await Nginx.start({ BACKEND: `server:${await freePort()}` }, { server: ['127.0.0.1'] });
  });
  afterAll(() => nginx.stop());

  const LARGE = '"'.repeat(1_300_000);
  const refusals = async (path: string) => {
    const asked = [
      fetch(`${nginx.url}${path}`),
      fetch(`${nginx.url}${path}`, { method: 'POST', body: LARGE }),
    ];
    return Promise.all(
      (await Promise.all(asked)).map(async (response) => ({
        status: response.status,
        type: response.headers.get('content-type'),
        body: (await response.json()) as { error?: object },
      })),
    );
  };

  it.each(['/api/v2', '/api/v2/measurements/?x=1'])('says so as RIPE Atlas does: %s', async (path) => {
    for (const [index, { status, type, body }] of (await refusals(path)).entries()) {
      expect([status, type]).toEqual([[502, 413][index], 'application/json']);
      const error = {
        status,
        code: expect.any(Number),
        title: expect.any(String),
        detail: expect.any(String),
      };
      expect(body).toEqual({ error });
    }
  });

  it.each(['/v1/measurements', '/v1'])('says so as Globalping does: %s', async (path) => {
    for (const [index, { status, type, body }] of (await refusals(path)).entries()) {
      expect([status, type]).toEqual([[502, 413][index], 'application/json']);
      expect(body).toEqual({ error: { type: expect.any(String), message: expect.any(String) } });
    }
  });

  it.each(['/api/v1/operations', '/api/v20', '/v1x'])('says so by problems: %s', async (path) => {
    for (const [index, { status, type, body }] of (await refusals(path)).entries()) {
      expect([status, type]).toEqual([[502, 413][index], 'application/problem+json']);
      expect(body).toMatchObject({ status, title: expect.any(String) });
    }
  });
});
