import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type INestApplication } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { AppModule } from '../../app.module.js';
import { parseEnv } from '../../config/env.js';
import { openApiDocument } from '../../openapi.js';
import { AuthGuard } from './auth.guard.js';
import { AuthModule } from '../../core/users/auth.module.js';
import { SCOPES } from './permissions.js';
import { type Route, routesOf } from './routes.js';

/** Open to everybody; whoever adds to it should be sure. */
const PUBLIC = [
  'DELETE /delete_all',
  'GET /api/v1/platform',
  'GET /api/v1/stats',
  'GET /docs/errors',
  'GET /docs/errors/{code}',
  'GET /health/live',
  'GET /health/ready',
  'GET /metrics',
  'GET /operation',
  'GET /probes',
  'GET /v1/measurements/{id}',
  'GET /v1/probes',
  'GET /v1/spec.yaml',
  'POST /api/v1/auth/login',
  'POST /api/v1/auth/register',
  'POST /api/v1/auth/visit',
  'POST /login',
  'POST /register',
];
/** For access tokens alone: with a key that was found nobody makes others, or takes the account over. */
const NO_KEYS = [
  'DELETE /api/v1/users/me/keys/{id}',
  'DELETE /api/v1/users/me/picture',
  'GET /api/v1/users/me/keys',
  'POST /api/v1/auth/logout',
  'POST /api/v1/auth/logout-everywhere',
  'POST /api/v1/users/me/delete',
  'POST /api/v1/users/me/keys',
  'PUT /api/v1/users/me/email',
  'PUT /api/v1/users/me/password',
  'PUT /api/v1/users/me/picture',
];
const SUPERUSERS = [
  'GET /api/v1/audit',
  'GET /api/v1/servers',
  'GET /api/v1/targets',
  'GET /api/v1/targets/busiest',
  'GET /api/v1/users',
  'GET /api/v1/users/{id}',
  'POST /api/v1/probes/{id}/suspend',
  'POST /api/v1/probes/{id}/unsuspend',
  'POST /api/v1/users/{id}/credits',
  'POST /api/v1/users/{id}/credits/take',
  'POST /api/v1/users/{id}/suspend',
  'POST /api/v1/users/{id}/unsuspend',
  'POST /credits',
];

describe('permissions', () => {
  let app: INestApplication;
  let routes: Route[];
  /** those that ask for credentials themselves */
  let doors: Route[];

  beforeAll(async () => {
    const env = parseEnv({ SECRET_KEY: 'signs nothing: no request comes here' });
    app = await NestFactory.create(AppModule.forRoot(env, 'mongodb://localhost'), {
      preview: true,
      logger: false,
    });
    const all = routesOf(app);
    routes = all.filter(({ access }) => access?.who !== 'door');
    doors = all.filter((route) => !routes.includes(route));
  });
  afterAll(() => app.close());

  it('are stated for every route', () => {
    expect(routes.length).toBeGreaterThan(30);
    expect(
      routes.filter(({ access }) => !['public', 'reader', 'user', 'superuser'].includes(String(access?.who))),
    ).toEqual([]);
  });

  it('are a door’s own under its path alone', () => {
    expect(doors.length).toBeGreaterThan(10);
    expect(doors.filter(({ path }) => !path.startsWith('/api/v2'))).toEqual([]);
  });

  it('are checked by a guard before every route', () => {
    const providers = Reflect.getMetadata('providers', AuthModule) as {
      provide?: unknown;
      useClass?: unknown;
    }[];
    expect(providers).toContainEqual({ provide: APP_GUARD, useClass: AuthGuard });
  });

  it('open to everybody only what is meant to be', () => {
    const of = (permission: string) =>
      routes
        .filter((route) => route.access?.who === permission)
        .map(({ method, path }) => `${method} ${path}`)
        .sort();
    expect(of('public')).toEqual(PUBLIC);
    expect(of('superuser')).toEqual(SUPERUSERS);
  });

  it('let keys in where a scope is stated, and superusers do with the scope admin alone', () => {
    const named = (chosen: Route[]) => chosen.map(({ method, path }) => `${method} ${path}`).sort();
    const closed = routes.filter(({ access }) => access?.who !== 'public' && access?.scope === undefined);
    expect(named(closed)).toEqual(NO_KEYS);
    expect(routes.filter(({ access }) => access?.scope && !SCOPES.includes(access.scope))).toEqual([]);
    expect(
      routes.filter(({ access }) => (access?.who === 'superuser') !== (access?.scope === 'admin')),
    ).toEqual([]);
  });

  it('are what the OpenAPI document says', () => {
    const { paths } = openApiDocument(app);
    for (const { name, path, method, access } of routes) {
      const operation = paths[path]?.[method.toLowerCase() as 'get'];
      expect([name, operation?.security !== undefined]).toEqual([name, access?.who !== 'public']);
      // the metrics are for whoever has METRICS_TOKEN, which is no user's
      const turnsAway = access?.who !== 'public' || name === 'HealthController.prometheus';
      expect([name, operation?.responses['401'] !== undefined]).toEqual([name, turnsAway]);
    }
  });
});
