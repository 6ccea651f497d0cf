import { type Request } from 'express';
import { DomainError } from '../errors/domain.error.js';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** The setting of an express application that names a path of which nothing is told, not even that it is there. */
export const UNTOLD_PATH = 'untold path';

/** What express 5 has of each route; its types leave it out. */
interface Layer {
  match(path: string): boolean;
  route?: { methods: Partial<Record<string, boolean>> };
}

/**
 * Tells a path that has other methods than the one asked for from a path that is not there (RFC 9110, 15.5.6).
 * @param request one that no route answered @returns undefined where the path has no route at all
 */
export function methodNotAllowed({
  app,
  path,
}: Pick<Request, 'app' | 'path'>): { error: DomainError; allow: string } | undefined {
  if (path.replace(/\/$/, '').toLowerCase() === app.get(UNTOLD_PATH)) return undefined;
  const layers = app.router.stack as unknown as Layer[];
  const routes = layers.flatMap((layer) => (layer.route && layer.match(path) ? [layer.route] : []));
  const allow = METHODS.filter((method) => routes.some(({ methods }) => methods[method]))
    .map((method) => method.toUpperCase())
    .join(', ');
  if (allow === '') return undefined;
  return { error: new DomainError('method_not_allowed', `${path} knows ${allow} only`), allow };
}
