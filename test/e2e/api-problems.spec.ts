import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { type Answer, type Problem } from '../support/api-client.js';
import { type Account, ApiWorld, pingOn } from '../support/api-world.js';

const LOGIN = '/api/v1/auth/login';

describe('problems', () => {
  let world: ApiWorld;
  let user: Account;
  beforeAll(async () => {
    world = await ApiWorld.start();
    user = await world.account(10);
  });
  afterAll(() => world.stop());

  function expectProblem(answer: Answer<Problem>, status: number, code: string): void {
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({
      status,
      type: `/docs/errors/${code}`,
      Error: answer.body.detail,
    });
    expect(answer.body.request_id).toBe(answer.headers.get('x-request-id'));
  }

  it('lets the other end close a connection that is idle for a minute', async () => {
    const { headers } = await world.api.get('/health/live');
    expect(Number(/^timeout=(\d+)$/.exec(headers.get('keep-alive') ?? '')?.[1])).toBeGreaterThan(60);
  });

  it.each([
    ['broken JSON', '{"email":'],
    ['broken UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['an array', '[]'],
    ['a string', '"x"'],
    ['null', 'null'],
    ['__proto__', '{"__proto__":{"email":"x"}}'],
    ['constructor.prototype', '{"constructor":{"prototype":{}}}'],
    ['33 levels', '{"a":'.repeat(33) + '1' + '}'.repeat(33)],
    ['100,000 levels', '['.repeat(100_000)],
  ])('says what is wrong with a body: %s', async (_what, raw) => {
    expectProblem(await world.api.send('POST', LOGIN, { raw }), 400, 'invalid_request');
  });

  it('says that a body is too large', async () => {
    const raw = JSON.stringify({ email: 'x'.repeat(2 * 1024 * 1024), password: 'x' });
    expectProblem(await world.api.send('POST', LOGIN, { raw }), 413, 'body_too_large');
  });

  it('answers by a problem what the parser of HTTP refuses', async () => {
    expectProblem(
      await user.api.get(`/api/v1/changes?destination=${'x'.repeat(20_000)}`),
      431,
      'headers_too_large',
    );
    const { hostname, port } = new URL(world.server.url);
    const said = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(Number(port), hostname, () => socket.write('no HTTP\r\n\r\n'));
      socket.on('data', (bytes) => (text += bytes.toString()));
      socket
        .on('end', () => {
          resolve(text);
        })
        .on('error', reject);
    });
    expect(said).toMatch(
      /^HTTP\/1\.1 400 Bad Request\r\n[^{]*application\/problem\+json[^{]*\{"type":"\/docs\/errors\/invalid_request"/,
    );
  });

  it('takes no notice of content where it has no meaning', async () => {
    const { status } = await user.api.send('DELETE', '/delete_all', { raw: '{bad' });
    expect(status).toBe(404);
  });

  it('tells what is not there from what it does not know', async () => {
    expectProblem(await user.api.get('/api/v1/nothing'), 404, 'not_found');
    expectProblem(await user.api.get('/api/v1/probes/6720a1b2c3d4e5f6000000b2'), 404, 'not_found');
    expectProblem(await user.api.get('/api/v1/probes/1'), 404, 'not_found');
    expectProblem(await user.api.get('/api/v1/probes/%ZZ'), 400, 'invalid_request');
    const answer = await user.api.send('PUT', '/api/v1/probes/1');
    expectProblem(answer, 405, 'method_not_allowed');
    expect(answer.headers.get('allow')).toBe('GET, PATCH');
  });

  it('answers HEAD like GET without a body, also where GET never ends', async () => {
    const probe = await world.probe(user);
    const { id } = await world.operation(user, [probe]);
    for (const path of ['/api/v1/users/me', `/api/v1/operations/${id}`, `/api/v1/operations/${id}/events`]) {
      const { status, text } = await user.api.send('HEAD', path);
      expect([path, status, text]).toEqual([path, 200, '']);
    }
  });

  it.each([
    ['operators', { kind: { $ne: 1 }, params: {}, schedule: {}, probes: [{ $gt: '' }] }],
    [
      'an operator as params',
      pingOn([{ id: '6720a1b2c3d4e5f6000000b2' }], { params: { $where: 'sleep(1)' } }),
    ],
    ['an option as a target', pingOn([{ id: '6720a1b2c3d4e5f6000000b2' }], { params: { fqdns: ['-O'] } })],
    [
      'a shell word as a target',
      pingOn([{ id: '6720a1b2c3d4e5f6000000b2' }], { params: { fqdns: ['a;reboot'] } }),
    ],
    [
      'a date that does not exist',
      pingOn([{ id: '6720a1b2c3d4e5f6000000b2' }], {
        schedule: { type: 'once', at: '2027-02-30T00:00:00Z' },
      }),
    ],
    ['a kind that is none', pingOn([{ id: '6720a1b2c3d4e5f6000000b2' }], { kind: 'constructor' })],
    ['unknown members', pingOn([{ id: '6720a1b2c3d4e5f6000000b2' }], { owner: 'me' })],
    ['null for an optional one', pingOn([{ id: '6720a1b2c3d4e5f6000000b2' }], { visibility: null })],
    [
      'unknown params',
      pingOn([{ id: '6720a1b2c3d4e5f6000000b2' }], { params: { ips: ['192.0.2.1'], x: 1 } }),
    ],
  ])('names the field: %s', async (_what, body) => {
    const answer = await user.api.post('/api/v1/operations', body);
    expectProblem(answer, 400, 'invalid_request');
    expect(answer.body.errors?.length).toBeGreaterThan(0);
  });

  it('points to every wrong member at once, whichever part of the server finds it wrong', async () => {
    const answer = await user.api.post('/api/v1/operations', {
      kind: 'ping',
      params: { ips: ['192.0.2.1', 'x', 'y'], probecount: 0, 'a/b': 1 },
      schedule: { type: 'interval', every_s: 60, spread_s: 61, start: '2020-01-01T00:00:00Z', stop: 'x' },
      select: { count: 0, near: { longitude: 181, latitude: 'x' }, 'to~day': 1 },
      visibility: 'nobody',
    });
    expectProblem(answer, 400, 'invalid_request');
    expect(answer.body.errors?.map(({ pointer }) => pointer).sort()).toEqual([
      '/params/a~1b',
      '/params/ips/1',
      '/params/ips/2',
      '/params/probecount',
      '/schedule/stop',
      '/select/count',
      '/select/near/latitude',
      '/select/near/longitude',
      '/select/to~0day',
      '/visibility',
    ]);
    for (const { detail } of answer.body.errors ?? []) expect(detail).toMatch(/^(must|is not known)/);

    const account = await world.api.post('/api/v1/auth/register', { email: 'x', password: 'x' });
    expect(account.body.errors?.map(({ pointer }) => pointer)).toEqual(['/email', '/password']);
    const password = await user.api.send('PUT', '/api/v1/users/me/password', {
      json: { password: 1, new_password: 'x' },
    });
    expect(password.body.errors?.map(({ pointer }) => pointer)).toEqual(['/password', '/new_password']);
    const key = await user.api.post('/api/v1/users/me/keys', {
      name: 1,
      scopes: ['read', 'x', 'measure', 3],
    });
    expect(key.body.errors?.map(({ pointer }) => pointer)).toEqual(['/name', '/scopes/1', '/scopes/3']);
    const site = await user.api.send('PUT', '/api/v1/sites/x', { json: { address: { lines: ['a', 1] } } });
    expect(site.body.errors?.map(({ pointer }) => pointer)).toEqual(['/address/lines/1']);
    // probes that are not there, beside one that is
    const there = await world.probe(user);
    const absent = [{ id: 'f'.repeat(24) }, there, { id: 'nobody' }];
    const operation = await user.api.post('/api/v1/operations', pingOn(absent));
    expectProblem(operation, 404, 'not_found');
    expect(operation.body.errors?.map(({ pointer }) => pointer)).toEqual(['/probes/0', '/probes/2']);
    const listed = await user.api.get('/api/v1/probes?limit=0&tag=A&bbox=1&more=1');
    expect(listed.body.errors?.map(({ parameter }) => parameter).sort()).toEqual([
      'bbox',
      'limit',
      'more',
      'tag',
    ]);
    const keyed = await user.api.send('POST', '/api/v1/probes', {
      json: { location: { longitude: 0, latitude: 0 } },
      headers: { 'idempotency-key': 'a b' },
    });
    expect(keyed.body.errors).toMatchObject([{ header: 'Idempotency-Key' }]);
  });

  it('serves the page to which the type of a problem leads', async () => {
    const { body } = await world.api.get('/api/v1/probes');
    const ask = (accept: string | undefined) =>
      world.api.send<object>('GET', body.type, { headers: { ...(accept && { accept }) } });
    const page = await ask('text/html,application/xhtml+xml,*/*;q=0.8');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
    expect(page.text).toContain('<h1>Authentication is needed</h1>');
    expect((await ask('text/markdown')).text).toMatch(/^# Authentication is needed\n/);
    expect((await ask('application/json')).body).toMatchObject({ code: 'unauthenticated', status: 401 });
    expectProblem((await ask('image/png')) as Answer<Problem>, 406, 'not_acceptable');
    expect((await world.api.get('/docs/errors')).text).toContain(`href="${body.type}"`);
    expectProblem(await world.api.get('/docs/errors/nothing'), 404, 'not_found');
  });

  it('refuses a cron bomb with the number of its runs', async () => {
    const probe = await world.probe(user);
    const schedule = { type: 'cron', cron: '* * * * *', times_per_minute: 60, stop: '9999-01-01T00:00:00Z' };
    const answer = await user.api.post('/api/v1/operations', pingOn([probe], { schedule }));
    expectProblem(answer, 400, 'too_many_runs');
    expect(answer.body.detail).toContain('1000000');
  });

  it('allows the frontend of another origin', async () => {
    const preflight = await world.api.send('OPTIONS', '/api/v1/probes', {
      headers: { origin: 'https://x.example', 'access-control-request-method': 'POST' },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
  });
});
