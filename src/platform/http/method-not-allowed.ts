import { type Request } from 'express';
import { DomainError } from '../errors/domain.error.js';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** The setting of an express application that names a path of which nothing is told, not even that it is there. */
export const UNTOLD_PATH = 'untold path';

/** What express 5 has of each route; its types leave it out. */
interface Layer {
  match(path: string): { params: Readonly<Record<string, unknown>> } | false;
  route?: Route;
}

interface Route {
  path: string | RegExp;
  methods: Partial<Record<string, boolean>>;
}

/**
 * Tells a path that has other methods than the one asked for from a path that is not there (RFC 9110, 15.5.6). Of routes that a
 * path fits, those with the fewest parameters are meant: `/operations/quote` is no `/operations/:id`.
 * @param request one that no route answered, or that one refused
 * @returns undefined where the path has no route at all, or the method asked for
 */
export function methodNotAllowed({
  app,
  path,
  method,
}: Pick<Request, 'app' | 'path' | 'method'>): { error: DomainError; allow: string } | undefined {
  if (path.replace(/\/$/, '').toLowerCase() === app.get(UNTOLD_PATH)) return undefined;
  const layers = app.router.stack as unknown as Layer[];
  const fitting = layers.flatMap((layer) => (layer.route && fits(layer, path) ? [layer.route] : []));
  const fewest = Math.min(...fitting.map(parametersOf));
  const routes = fitting.filter((route) => parametersOf(route) === fewest);
  const allowed = METHODS.filter((each) => routes.some(({ methods }) => methods[each]));
  const asked = method === 'HEAD' ? 'get' : method.toLowerCase();
  if (allowed.length === 0 || allowed.some((each) => each === asked)) return undefined;
  const allow = allowed.map((each) => each.toUpperCase()).join(', ');
  return { error: new DomainError('method_not_allowed', `${path} knows ${allow} only`), allow };
}

/** A parameter `number` is a whole number: with another text the path is not there. */
function fits(layer: Layer, path: string): boolean {
  const match = layer.match(path);
  if (match === false) return false;
  const { number } = match.params;
  return typeof number !== 'string' || /^\d+$/.test(number);
}

function parametersOf({ path }: Route): number {
  return String(path)
    .split('/')
    .filter((part) => /^[:*]/.test(part)).length;
}
