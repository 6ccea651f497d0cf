import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Authority } from '../../probe/test/support/certificates.js';
import { Site } from '../../probe/test/support/site.js';
import { type Account, ApiWorld, type Operation, type Page, type Registered } from '../support/api-world.js';
import { FieldedProbe } from '../support/classic-probe.js';
import { HttpClient } from '../support/client.js';
import { RealProbe } from '../support/real-probe.js';
import { until } from '../support/until.js';

interface Result {
  id: string;
  outcome: string;
  format?: string;
  summary?: Record<string, unknown>[];
  failure?: { reason: string; detail: string };
  decoded?: Record<string, unknown>[];
}

/** From the API to a real site and back, by the real server and the real probe. */
describe('http and tls', () => {
  let authority: Authority;
  let site: Site;
  let expired: Site;
  let world: ApiWorld;
  let user: Account;
  let registered: Registered;
  let probe: RealProbe;
  const asked: (string | undefined)[] = [];

  beforeAll(async () => {
    authority = await Authority.make();
    const root = await authority.certificate();
    const listen = async (days: number): Promise<Site> => {
      const { key, cert } = await authority.issue(['IP:127.0.0.1'], days);
      return Site.https({ key, cert: cert + root }, (request, response) => {
        asked.push(request.headers['user-agent']);
        response
          .writeHead(request.url === '/moved' ? 301 : 200, { Location: '/there' })
          .end('x'.repeat(1_000));
      });
    };
    [site, expired] = [await listen(30), await listen(-1)];
    world = await ApiWorld.start();
    user = await world.account(10_000);
    registered = await world.probe(user);
    probe = await RealProbe.start(world.server.url, registered.token, {
      NODE_EXTRA_CA_CERTS: authority.file,
    });
  });
  afterAll(async () => {
    await probe.stop();
    await world.stop();
    await Promise.all([site, expired].map((each) => each.close()));
    await authority.remove();
  });

  async function measured(kind: string, params: object): Promise<{ operation: Operation; result: Result }> {
    const operation = await world.operation(user, [registered], { kind, params });
    const result = await until(`the result of ${kind}`, async () => {
      const { body } = await user.api.get<Page<Result>>(
        `/api/v1/operations/${operation.id}/results?view=json`,
      );
      return body.items[0];
    });
    return { operation, result };
  }

  it('measures requests, and shows them in each way', async () => {
    const urls = [`https://127.0.0.1:${site.port}/moved`, `https://127.0.0.1:${expired.port}/`];
    const { operation, result } = await measured('http', { urls, timeout_s: 20 });
    expect(operation).toMatchObject({ kind: 'http', cost_per_run: 6 });
    expect(result).toMatchObject({ outcome: 'stored', format: 'http' });
    const common = { type: 'http', method: 'GET', address: '127.0.0.1', body_bytes: 1_000, error: null };
    expect(result.summary).toEqual([
      expect.objectContaining({ ...common, url: urls[0], status: 301, authorized: true }),
      expect.objectContaining({ ...common, url: urls[1], status: 200, authorized: false }),
    ]);
    expect(result.decoded).toMatchObject([
      { location: '/there', tls: { version: 'TLSv1.3', authorization_error: null } },
      { tls: { authorization_error: 'CERT_HAS_EXPIRED' } },
    ]);
    expect(new Set(asked)).toEqual(new Set([expect.stringMatching(/^Pladmed-Probe\/\d/)]));

    const { text } = await user.api.get(`/api/v1/results/${result.id}/raw`);
    expect(JSON.parse(text)).toEqual({ version: 1, requests: result.decoded });

    const classic = await new HttpClient(world.server.url).get(`/operation?id=${operation.id}`);
    expect(classic.body).toMatchObject({
      params: { urls },
      result_format: 'json',
      results: [{ probe: registered.id, results: result.decoded }],
    });
  });

  it('brings certificates', async () => {
    const root = await authority.certificate();
    const { result } = await measured('tls', { ips: ['127.0.0.1'], port: site.port });
    expect(result.summary).toEqual([
      expect.objectContaining({
        type: 'tls',
        destination: '127.0.0.1',
        version: 'TLSv1.3',
        authorized: true,
        chain_length: 2,
        error: null,
      }),
    ]);
    expect(result.decoded).toMatchObject([{ chain: [expect.stringContaining('BEGIN CERTIFICATE'), root] }]);
  });

  it('says which rule of the host refused a run', async () => {
    const { result } = await measured('http', { urls: ['http://169.254.169.254/latest/meta-data/'] });
    expect(result).toMatchObject({
      outcome: 'failed',
      failure: { reason: 'refused', detail: expect.stringContaining('metadata') },
    });
  });

  it('names what is wrong with a URL', async () => {
    const params = { urls: ['http://0x7f.1/'] };
    const body = { kind: 'http', params, schedule: { type: 'once' }, probes: [registered.id] };
    const { status, body: problem } = await user.api.post('/api/v1/operations', body);
    expect(status).toBe(400);
    expect(problem.errors?.map(({ field }) => field)).toEqual(['params.urls']);
  });

  describe('on the classic side', () => {
    it.each(['http', 'tls'])('there is no route to create %s', async (kind) => {
      const params = { urls: ['http://example.org/'], ips: ['192.0.2.1'], fqdns: ['example.org'] };
      const client = new HttpClient(world.server.url);
      const { status } = await client.post(`/${kind}`, { probes: [registered.id], params });
      expect(status).toBe(404);
    });

    it.each([
      ['http', { urls: ['http://example.org/'] }, 'a classic probe does not know http'],
      ['tls', { fqdns: ['example.org'] }, 'a classic probe does not know tls'],
      [
        'dns',
        { fqdns: ['example.org'], resolver: '192.0.2.53' },
        'a classic probe does not know params.resolver',
      ],
    ])('a probe that is assigned %s %j has refused it', async (kind, params, reason) => {
      const fielded = await world.probe(user);
      const classic = new FieldedProbe(world.server.url, fielded.token);
      await classic.connected();
      const schedule = { type: 'cron', cron: '0 12 1 1 *', stop: '2030-01-02T00:00:00Z' };
      const { id } = await world.operation(user, [fielded], { kind, params, schedule });
      const refused = await until('the assignment is refused', async () => {
        const { body } = await user.api.get<Page<{ state: string; reason?: string }>>(
          `/api/v1/operations/${id}/assignments`,
        );
        return body.items.find(({ state }) => state === 'refused');
      });
      expect(refused.reason).toBe(reason);
      expect(classic.received).toEqual([]);
      classic.close();
    });
  });
});
