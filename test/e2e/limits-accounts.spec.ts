import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ApiClient, type Problem } from '../support/api-client.js';
import { ApiWorld, PASSWORD } from '../support/api-world.js';
import { HttpClient } from '../support/client.js';
import { metricOf } from '../support/metrics.js';

const LIMITS = {
  LOGIN_MAX_FAILURES: '3',
  LOGIN_MAX_FAILURES_PER_ADDRESS: '8',
  REGISTER_MAX_PER_ADDRESS: '20',
};
const WRONG = 'Wrong-Horse-7';

describe('logging in and registering', () => {
  let world: ApiWorld;
  let api: ApiClient;
  beforeAll(async () => {
    world = await ApiWorld.start({ ...LIMITS, TRUST_PROXY: '1' });
    api = world.api;
  });
  afterAll(() => world.stop());

  const from = (address: string) => ({ 'x-forwarded-for': address });
  const logIn = (email: string, password: string, address: string) =>
    api.post('/api/v1/auth/login', { email, password }, from(address));

  it('is refused after so many failures, with the limit and when to come back', async () => {
    const { email } = await world.account();
    for (let n = 0; n < 3; n += 1) expect((await logIn(email, WRONG, '192.0.2.1')).status).toBe(404);
    const { status, body, headers } = await logIn(email, PASSWORD, '192.0.2.1');
    expect([status, body.code]).toEqual([429, 'too_many_attempts']);
    expect(body).toMatchObject({ bound: 'login_account', limit: 3, used: 3, Error: body.detail });
    const { free_at } = body as Problem & { free_at: string };
    const left = (Date.parse(free_at) - Date.now()) / 1000;
    expect(left).toBeGreaterThan(14 * 60);
    expect(Math.abs(Number(headers.get('retry-after')) - left)).toBeLessThan(5);
    // not a word of whether the password was right, and nobody else is shut out
    expect((await logIn(email, PASSWORD, '192.0.2.2')).status).toBe(200);
    expect(
      await metricOf(world.server.url, 'pladmed_limit_hits_total{bound="login_account"}'),
    ).toBeGreaterThan(0);
  });

  it('counts the classic route and the native one together, and answers in the classic shape', async () => {
    const { email } = await world.account();
    const classic = new HttpClient(world.server.url);
    for (let n = 0; n < 3; n += 1) await logIn(email, WRONG, '192.0.2.3');
    const answer = await classic.post('/login', { email, password: PASSWORD }, from('192.0.2.3'));
    expect(answer.status).toBe(429);
    expect(answer.body.Error).toMatch(/^Too many failed attempts/);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-expose-headers')).toContain('Retry-After');
  });

  it('is bounded for a whole /64 of IPv6', async () => {
    for (let n = 0; n < 8; n += 1) await logIn(`nobody-${n}@example.org`, WRONG, `2001:db8::${n}`);
    const { status, body } = await logIn('nobody@example.org', WRONG, '2001:db8::ffff:1');
    expect([status, (body as { bound?: string }).bound]).toEqual([429, 'login_address']);
    expect((await logIn('nobody@example.org', WRONG, '2001:db8:0:1::1')).status).toBe(404);
  });

  it('takes what the proxy says of the client, not what the client says', async () => {
    const { email } = await world.account();
    const spoofed = (n: number) => `203.0.113.${n}, 192.0.2.9`;
    for (let n = 0; n < 3; n += 1) await logIn(email, WRONG, spoofed(n));
    expect((await logIn(email, WRONG, spoofed(4))).status).toBe(429);
  });

  it('is refused to who registers too often', async () => {
    const register = (n: number) =>
      api.post(
        '/api/v1/auth/register',
        { email: `many-${n}@example.org`, password: PASSWORD },
        from('192.0.2.4'),
      );
    for (let n = 0; n < 20; n += 1) expect((await register(n)).status).toBe(201);
    const { status, body } = await register(20);
    expect(status).toBe(429);
    expect(body).toMatchObject({ bound: 'register_address', limit: 20 });
  });
});

it('a server without a proxy believes nobody about the address', async () => {
  const world = await ApiWorld.start(LIMITS);
  try {
    const { email } = await world.account();
    const statuses: number[] = [];
    for (let n = 0; n < 4; n += 1) {
      const spoofed = { 'x-forwarded-for': `192.0.2.${n}` };
      const { status } = await world.api.post('/api/v1/auth/login', { email, password: WRONG }, spoofed);
      statuses.push(status);
    }
    expect(statuses).toEqual([404, 404, 404, 429]);
  } finally {
    await world.stop();
  }
});
