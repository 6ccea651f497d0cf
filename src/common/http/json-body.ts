import { isUtf8 } from 'node:buffer';
import { type NextFunction, type Request, type RequestHandler, type Response, raw } from 'express';
import secureJson from 'secure-json-parse';
import { DomainError } from '../errors/domain.error.js';

/** 1 MB: an operation that names 10,000 probes is 270 KB. */
export const MAX_BODY_BYTES = 1024 * 1024;
export const MAX_JSON_DEPTH = 32;

/** Content in other requests has no meaning (RFC 9110, 9.3), and is left alone. */
const WITH_BODY = ['POST', 'PUT', 'PATCH'];

const readBytes = raw({
  type: ({ method = '' }) => WITH_BODY.includes(method),
  limit: MAX_BODY_BYTES,
});

/**
 * Bodies are JSON whatever the Content-Type says (the published examples of the classic contract send text/plain).
 * Refused with 400: broken JSON, broken UTF-8, a body that is no object, depth over 32, `__proto__` as a key.
 */
export function jsonBody(): RequestHandler[] {
  return [readBytes, parse];
}

function parse(request: Request, _response: Response, next: NextFunction): void {
  const bytes: unknown = request.body;
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) {
    request.body = {};
    next();
    return;
  }
  try {
    request.body = parseObject(bytes);
    next();
  } catch (error) {
    next(error);
  }
}

function parseObject(bytes: Buffer): object {
  if (!isUtf8(bytes)) throw new DomainError('invalid_request', 'The body is not valid UTF-8');
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = secureJson.parse(text, null, { protoAction: 'error', constructorAction: 'error' });
  } catch {
    throw new DomainError('invalid_request', 'The body is not valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DomainError('invalid_request', 'The body must be a JSON object');
  }
  if (isDeeperThan(value, MAX_JSON_DEPTH)) {
    throw new DomainError('invalid_request', `The body may be nested ${MAX_JSON_DEPTH} levels deep at most`);
  }
  return value;
}

/** Walks by levels, not by recursion: the depth is the caller's choice, the stack is ours. */
function isDeeperThan(value: object, most: number): boolean {
  let level: object[] = [value];
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > most) return true;
    level = level.flatMap((item) =>
      Object.values(item).filter((child): child is object => typeof child === 'object' && child !== null),
    );
  }
  return false;
}
