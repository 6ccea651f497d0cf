import { isUtf8 } from 'node:buffer';
import { type IncomingMessage } from 'node:http';
import { type RequestHandler, raw, Router } from 'express';
import secureJson from 'secure-json-parse';
import { DomainError } from '../errors/domain.error.js';
import { brokenBound } from '../limits/depth-check.js';

/** 1 MB: an operation that names 10,000 probes is 270 KB. */
export const MAX_BODY_BYTES = 1024 * 1024;
export const MAX_JSON_DEPTH = 32;
/** Members of one object, and objects and lists in a body: what a body may make validation do. No route takes a tenth of it. */
export const MAX_JSON_MEMBERS = 1000;

const BOUNDS = { depth: MAX_JSON_DEPTH, members: MAX_JSON_MEMBERS, containers: MAX_JSON_MEMBERS };
const TOO_MUCH = {
  depth: `The body may be nested ${MAX_JSON_DEPTH} levels deep at most`,
  members: `An object in the body may have ${MAX_JSON_MEMBERS} members at most`,
  containers: `The body may have ${MAX_JSON_MEMBERS} objects and lists at most`,
};

/** Content in other requests has no meaning (RFC 9110, 9.3), and is left alone. */
const WITH_BODY = ['POST', 'PUT', 'PATCH'];

const UNITS: readonly [number, string][] = [
  [1024 * 1024, 'MB'],
  [1024, 'KB'],
];

/** How JSON writes half of a surrogate pair: whole characters may be written so, too. */
const ESCAPED_SURROGATE = /\\ud[89a-f]/i;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** How the bodies of some routes are read, where that is not as usual: their door states it. */
export interface BodyRule {
  /** of the routes, as Express reads it: `/things/:id`, `/things{/*rest}` */
  path: string;
  /** bytes; absent: MAX_BODY_BYTES */
  most?: number;
  /** `list`: JSON that may be a list; `bytes`: handlers get them as they came; `stream`: handlers read the request; absent: a JSON object */
  content?: 'list' | 'bytes' | 'stream';
}

/**
 * Bodies are JSON whatever the Content-Type says (the published examples of the classic contract send text/plain).
 * Refused with 400: broken JSON, broken UTF-8, half a surrogate pair, a body that is no object, depth over 32, too many members, `__proto__` as a key.
 * @param rules of routes that are read otherwise; the first that fits is taken
 */
export function jsonBody(rules: readonly BodyRule[] = []): RequestHandler {
  const router = Router();
  for (const rule of rules) {
    router.all(rule.path, ...readersOf(rule), (_request, _response, next) => {
      next('router');
    });
  }
  router.use(...readersOf({}));
  return router;
}

function readersOf({ most = MAX_BODY_BYTES, content }: Omit<BodyRule, 'path'>): RequestHandler[] {
  if (content === 'stream') return [];
  const read = raw({ type: hasBody, limit: most });
  const readBytes: RequestHandler = (request, response, next) => {
    read(request, response, (error?: unknown) => {
      next(isTooLarge(error) ? tooLarge(most) : error);
    });
  };
  return content === 'bytes' ? [readBytes] : [readBytes, parser(content === 'list')];
}

function isTooLarge(error: unknown): boolean {
  return (error as { type?: unknown } | undefined)?.type === 'entity.too.large';
}

/** Nest keeps nothing of an error of the parser but its status: the bound is said here. */
function tooLarge(most: number): DomainError {
  return new DomainError('body_too_large', `The body may be ${sizeOf(most)} at most`);
}

/** @returns a size in the unit in which it is a whole number */
function sizeOf(bytes: number): string {
  const [most, unit] = UNITS.find(([size]) => bytes >= size && bytes % size === 0) ?? [1, 'bytes'];
  return `${bytes / most} ${unit}`;
}

function hasBody({ method = '' }: IncomingMessage): boolean {
  return WITH_BODY.includes(method);
}

function parser(mayBeList: boolean): RequestHandler {
  return (request, _response, next) => {
    const bytes: unknown = request.body;
    request.body = Buffer.isBuffer(bytes) && bytes.length > 0 ? readJson(bytes, mayBeList) : {};
    next();
  };
}

/** @throws DomainError invalid_request */
export function readJson(bytes: Buffer, mayBeList = false): object {
  if (!isUtf8(bytes)) throw new DomainError('invalid_request', 'The body is not valid UTF-8');
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = secureJson.parse(text, null, { protoAction: 'error', constructorAction: 'error' });
  } catch {
    throw new DomainError('invalid_request', 'The body is not valid JSON');
  }
  if (typeof value !== 'object' || value === null || (Array.isArray(value) && !mayBeList)) {
    throw new DomainError('invalid_request', 'The body must be a JSON object');
  }
  const broken = brokenBound(value, BOUNDS);
  if (broken !== undefined) throw new DomainError('invalid_request', TOO_MUCH[broken]);
  if (ESCAPED_SURROGATE.test(text)) refuseBrokenText(value);
  return value;
}

/**
 * JSON may carry half of a surrogate pair, which is no Unicode text: what reads it fails, or keeps another text (RFC 8259, section 8.2).
 * @throws DomainError invalid_request that names the member
 */
function refuseBrokenText(value: object, path: readonly string[] = []): void {
  for (const [name, member] of Object.entries(value)) {
    const field = [...path, name];
    if (LONE_SURROGATE.test(name) || (typeof member === 'string' && LONE_SURROGATE.test(member))) {
      const shown = field.map(wellFormed).join('.');
      throw DomainError.invalid({
        field: shown,
        path: field.map(wellFormed),
        message: 'must be Unicode text: it has half of a surrogate pair',
      });
    }
    if (typeof member === 'object' && member !== null) refuseBrokenText(member as object, field);
  }
}

/** Half of a surrogate pair would not survive the way back to the caller. */
function wellFormed(name: string): string {
  return name.replace(/\p{Surrogate}/gu, '\ufffd');
}
