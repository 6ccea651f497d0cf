import createClient from 'openapi-fetch';
import type { components, paths } from '../../generated/api.js';
import { session } from '../session/session.js';
import { hearTime } from './clock.js';
import { ApiProblem } from './problem.js';

export type Schemas = components['schemas'];

/** The API of the server that the page came from. Every call goes through `answer()`. */
export const api = createClient<paths>({ baseUrl: location.origin });

/** What needs no token. */
const OPEN = new Set([
  '/api/v1/auth/login',
  '/api/v1/auth/register',
  '/api/v1/auth/visit',
  '/api/v1/platform',
  '/api/v1/stats',
]);

/** What stands in pages of others shows what is public, and nothing else, whoever is logged in here. */
const isEmbedded = location.pathname.startsWith('/app/embed/');

let visiting: Promise<string> | undefined;

/** @returns a token for one who has no account, the same for the whole visit */
function visit(): Promise<string> {
  visiting ??= answer(api.POST('/api/v1/auth/visit')).then(
    ({ access_token }) => access_token,
    (error: unknown) => {
      visiting = undefined;
      throw error;
    },
  );
  return visiting;
}

api.use({
  async onRequest({ request, schemaPath }) {
    if (OPEN.has(schemaPath)) return request;
    const token = (isEmbedded ? undefined : session.token()) ?? (await visit());
    request.headers.set('Authorization', `Bearer ${token}`);
    return request;
  },
  onResponse({ request, response }) {
    hearTime(response.headers.get('Date'));
    // a token that is over says so at the first request; one that was changed meanwhile is left alone
    const sent = request.headers.get('Authorization');
    if (response.status !== 401 || sent === null) return undefined;
    if (sent === `Bearer ${session.token() ?? ''}`) session.expire();
    else visiting = undefined;
    return undefined;
  },
});

interface Outcome<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** @returns what the server answered. @throws ApiProblem */
export async function answer<T>(call: Promise<Outcome<T>>): Promise<T> {
  const { data, error, response } = await call.catch((reason: unknown) => {
    if (reason instanceof ApiProblem || (reason instanceof DOMException && reason.name === 'AbortError'))
      throw reason;
    throw ApiProblem.away();
  });
  if (!response.ok || error !== undefined)
    throw ApiProblem.of(response.status, error, response.headers.get('X-Request-Id'));
  return data as T;
}
