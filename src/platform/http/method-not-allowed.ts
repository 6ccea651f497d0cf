import { type OpenAPIObject } from '@nestjs/swagger';
import { type RequestHandler } from 'express';
import { DomainError } from '../errors/domain.error.js';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** A path that is there, asked with a method that it does not have, is 405 and says which it has (RFC 9110, 15.5.6). */
export function methodNotAllowed(paths: OpenAPIObject['paths']): RequestHandler {
  const known = Object.entries(paths).map(([path, item]) => ({
    pattern: new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]+')}/?$`, 'i'),
    methods: METHODS.filter((method) => item[method] !== undefined).map((method) => method.toUpperCase()),
  }));
  return (request, response, next) => {
    const matching = known.filter(({ pattern }) => pattern.test(request.path));
    const allowed = [...new Set(matching.flatMap(({ methods }) => methods))];
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    if (allowed.length === 0 || allowed.includes(method)) {
      next();
      return;
    }
    response.setHeader('Allow', allowed.join(', '));
    next(new DomainError('method_not_allowed', `${request.path} knows ${allowed.join(', ')} only`));
  };
}
