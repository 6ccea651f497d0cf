import { isUtf8 } from 'node:buffer';
import { type IncomingMessage } from 'node:http';
import { type NextFunction, type Request, type RequestHandler, type Response, raw } from 'express';
import secureJson from 'secure-json-parse';
import { DomainError } from '../errors/domain.error.js';
import { brokenBound } from '../limits/depth-check.js';

/** 1 MB: an operation that names 10,000 probes is 270 KB. */
export const MAX_BODY_BYTES = 1024 * 1024;
/** Of the routes of Globalping's clients. */
export const MAX_SMALL_BODY_BYTES = 100 * 1024;
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

/** How JSON writes half of a surrogate pair: whole characters may be written so, too. */
const ESCAPED_SURROGATE = /\\ud[89a-f]/i;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Their handlers read the body themselves: it may be a large file. */
const STREAMED = ['/api/v1/imports'];

const isRead = ({ method = '', url = '' }: IncomingMessage): boolean =>
  WITH_BODY.includes(method) && !STREAMED.includes(url.split('?')[0] ?? '');

const readSmall = raw({ type: isRead, limit: MAX_SMALL_BODY_BYTES });
const readLarge = raw({ type: isRead, limit: MAX_BODY_BYTES });

const readBytes: RequestHandler = (request, response, next) => {
  const read = request.url.startsWith('/v1/') ? readSmall : readLarge;
  read(request, response, next);
};

/**
 * Bodies are JSON whatever the Content-Type says (the published examples of the classic contract send text/plain).
 * Refused with 400: broken JSON, broken UTF-8, half a surrogate pair, a body that is no object, depth over 32, too many members, `__proto__` as a key.
 */
export function jsonBody(): RequestHandler[] {
  return [readBytes, parse];
}

/** Their bodies are lists. */
const LISTS = /^\/api\/v2\/measurements\/\d+\/participation-requests\/?$/;

/** Their bodies are files, whatever the Content-Type says: handlers get the bytes. */
const FILES = /^\/api\/v1\/(users\/me\/picture|sites\/[^/]+\/photo)$/;

function parse(request: Request, _response: Response, next: NextFunction): void {
  const bytes: unknown = request.body;
  if (FILES.test(request.path)) {
    next();
    return;
  }
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) {
    request.body = {};
    next();
    return;
  }
  try {
    request.body = parseObject(bytes, LISTS.test(request.path));
    next();
  } catch (error) {
    next(error);
  }
}

function parseObject(bytes: Buffer, mayBeList: boolean): object {
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
