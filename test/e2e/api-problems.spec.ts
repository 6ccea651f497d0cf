import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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
      type: `urn:pladmed:error:${code}`,
      Error: answer.body.detail,
    });
    expect(answer.body.request_id).toBe(answer.headers.get('x-request-id'));
  }

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
