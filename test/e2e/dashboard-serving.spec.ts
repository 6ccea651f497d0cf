import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiWorld, PASSWORD } from '../support/api-world.js';

let world: ApiWorld;
let url: string;

beforeAll(async () => {
  world = await ApiWorld.start({ FRAME_ANCESTORS: 'https://www.example.org' });
  url = world.server.url;
});
afterAll(() => world.stop());

const page = (path: string, headers: Record<string, string> = { accept: 'text/html,*/*;q=0.8' }) =>
  fetch(url + path, { headers, redirect: 'manual' });

describe('the dashboard', () => {
  it('is where a browser goes, and nobody else', async () => {
    const browser = await page('/');
    expect([browser.status, browser.headers.get('location')]).toEqual([302, '/app/']);
    for (const accept of ['*/*', 'application/json']) expect((await page('/', { accept })).status).toBe(404);
    const bare = await page('/app');
    expect([bare.status, bare.headers.get('location')]).toEqual([301, '/app/']);
  });

  it('is the same page at each of its addresses, asked for anew each time', async () => {
    const first = await (await page('/app/')).text();
    for (const path of [
      '/app/',
      '/app/operations/6720a1b2c3d4e5f601234567?from=1',
      '/app/login',
      '/app/none',
    ]) {
      const answer = await page(path);
      expect([path, answer.status, answer.headers.get('cache-control')]).toEqual([path, 200, 'no-cache']);
      expect(answer.headers.get('content-type')).toContain('text/html');
      expect(await answer.text()).toBe(first);
    }
  });

  it('lets pages that the operator names have a plot in a frame, and nothing else', async () => {
    const plot = await page('/app/embed/operations/6720a1b2c3d4e5f601234567?log=true');
    expect(plot.headers.get('content-security-policy')).toContain(
      "frame-ancestors 'self' https://www.example.org;",
    );
    expect(plot.headers.get('x-frame-options')).toBeNull();
    for (const path of ['/app/', '/app/operations/6720a1b2c3d4e5f601234567', '/app/login']) {
      const { headers } = await page(path);
      expect([path, headers.get('x-frame-options')]).toEqual([path, 'SAMEORIGIN']);
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'self';");
    }
  });

  it('has files of which the name changes with what is in them, kept for a year, compressed', async () => {
    const names = [...(await (await page('/app/')).text()).matchAll(/\/app\/assets\/[^"]+\.(?:js|css)/g)].map(
      String,
    );
    expect(names.length).toBeGreaterThan(1);
    for (const name of names) {
      const answer = await page(name, { 'accept-encoding': 'gzip' });
      expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(answer.headers.get('content-encoding')).toBe('gzip');
      await answer.arrayBuffer();
    }
  });

  it('answers a file that is not there, or lies outside, as a problem: an old page would run the text of a page', async () => {
    for (const path of ['/app/assets/index-0000.js', '/app/assets/..%2f..%2fpackage.json']) {
      const answer = await page(path);
      expect([path, answer.status >= 400 && answer.status < 500]).toEqual([path, true]);
      expect(answer.headers.get('content-type')).toContain('problem+json');
    }
    expect(await (await page('/app/..%2f..%2fpackage.json')).text()).not.toContain('dependencies');
  });

  it('has no script of its own text, and is allowed none', async () => {
    const answer = await page('/app/');
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("default-src 'self';");
    const html = await answer.text();
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|https?:\/\//);
  });
});

describe('visitors', () => {
  it('read what is public, and nothing else', async () => {
    const owner = await world.account(100);
    const probe = await world.probe(owner);
    const made = async (visibility: string) =>
      (
        await owner.api.post<{ id: string }>('/api/v1/operations', {
          kind: 'ping',
          params: { ips: ['192.0.2.1'] },
          schedule: { type: 'once' },
          probes: [probe.id],
          visibility,
        })
      ).body.id;
    const shown = await made('public');
    const hidden = await made('private');
    const visit = await world.api.post<{ access_token: string }>('/api/v1/auth/visit', {});
    expect(visit.status).toBe(200);
    const visitor = world.api.as(visit.body.access_token);
    for (const path of ['', '/assignments', '/coverage', '/results'])
      expect([path, (await visitor.get(`/api/v1/operations/${shown}${path}`)).status]).toEqual([path, 200]);
    for (const path of ['', '/assignments', '/coverage', '/results'])
      expect([path, (await visitor.get(`/api/v1/operations/${hidden}${path}`)).status]).toEqual([path, 404]);
    const { items } = (await visitor.get<{ items: { id: string }[] }>('/api/v1/operations')).body;
    expect(items.map(({ id }) => id)).toEqual([shown]);
    expect((await visitor.get<{ items: unknown[] }>('/api/v1/operations?mine=true')).body.items).toEqual([]);
    expect((await visitor.get(`/api/v1/probes/${probe.id}`)).status).toBe(200);
    const refused = [
      visitor.get('/api/v1/users/me'),
      visitor.get('/api/v1/users/me/limits'),
      visitor.post('/api/v1/probes', { location: { longitude: 0, latitude: 0 } }),
      visitor.post(`/api/v1/operations/${shown}/stop`, {}),
      visitor.post('/api/v1/auth/logout', {}),
      visitor.get('/operations/me'),
      visitor.get('/users/me'),
    ];
    for (const { status } of await Promise.all(refused)) expect(status).toBe(401);
  });
});

describe('logging out', () => {
  it('ends the token that asks for it, and no other', async () => {
    const { email } = await world.account();
    const logIn = async () =>
      world.api.as(
        (await world.api.post<{ access_token: string }>('/api/v1/auth/login', { email, password: PASSWORD }))
          .body.access_token,
      );
    const first = await logIn();
    const second = await logIn();
    expect((await first.post('/api/v1/auth/logout', {})).status).toBe(204);
    for (const path of ['/api/v1/users/me', '/users/me']) expect((await first.get(path)).status).toBe(401);
    expect((await first.post('/api/v1/auth/logout', {})).status).toBe(401);
    expect((await second.get('/api/v1/users/me')).status).toBe(200);
  });
});

it('says whether anybody administers the platform', async () => {
  // the world has made a superuser
  expect((await world.api.get('/api/v1/platform')).body).toEqual({ has_superuser: true, credits: 'on' });
});
