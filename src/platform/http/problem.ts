import { type AnyErrorCode, CATALOGUE, pageOfError } from '../errors/catalogue.js';
import {
  type DomainError,
  GoneError,
  LimitReachedError,
  type Shortage,
  TooFewProbesError,
  type Violation,
} from '../errors/domain.error.js';

/** One wrong member, with its place in the request. */
export interface MemberError {
  /** RFC 6901, in the body */
  pointer?: string;
  /** in the query or the path */
  parameter?: string;
  header?: string;
  /** what would be right */
  detail: string;
  /** its place as words, for people */
  field: string;
  /** the same as `detail` */
  message: string;
}

/** A list names so many of its wrong items by a pointer of their own. */
const MOST_POSITIONS = 100;

/** RFC 9457 problem details, with the member `Error` of the classic contract. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  /** of the request; the log has it */
  request_id: string;
  errors?: readonly MemberError[];
  /** of a bound that was reached: which, what it allows, what was used, what was asked for, when it is free again (null: never) */
  bound?: string;
  limit?: number;
  used?: number;
  asked?: number;
  free_at?: string | null;
  target?: string;
  /** of what is not kept any more */
  deleted_at?: string;
  /** of a choice of probes that could not be made */
  shortage?: Shortage;
  Error: string;
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

/**
 * @param hasBody whether a member of the request that says nothing else stands in its body
 * @returns the body that every door sends for a mistake of its caller
 */
export function problemOf(error: DomainError, requestId: string, hasBody: boolean): Problem {
  return {
    type: pageOfError(error.code),
    title: error.title,
    status: error.status,
    detail: error.message,
    code: error.code,
    request_id: requestId,
    ...(error.violations.length > 0 && {
      errors: error.violations.flatMap((violation) => memberErrors(violation, hasBody)),
    }),
    ...(error instanceof LimitReachedError && limitMembers(error)),
    ...(error instanceof GoneError && { deleted_at: error.deletedAt.toISOString() }),
    ...(error instanceof TooFewProbesError && { shortage: error.shortage }),
    // the classic contract fixes this one sentence
    Error: error.code === 'not_enough_credits' ? error.title : error.message,
  };
}

function memberErrors(violation: Violation, hasBody: boolean): MemberError[] {
  const { field, message, path = field.split('.'), positions = [] } = violation;
  const said = { detail: message, field, message };
  const place = violation.in ?? (hasBody ? 'body' : 'parameter');
  if (place !== 'body') return [{ [place]: path.join('.'), ...said }];
  if (positions.length === 0) return [{ pointer: pointerTo(path), ...said }];
  return positions
    .slice(0, MOST_POSITIONS)
    .map((position) => ({ pointer: pointerTo([...path, String(position)]), ...said }));
}

/** RFC 6901, section 3. */
function pointerTo(path: readonly string[]): string {
  return path.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function limitMembers({ reached: { bound, limit, used, asked, freeAt, target } }: LimitReachedError) {
  return {
    bound,
    limit,
    used,
    ...(asked !== undefined && { asked }),
    free_at: freeAt?.toISOString() ?? null,
    ...(target !== undefined && { target }),
  };
}

/** @returns the body for a mistake of ours: it says nothing but where to look in the log */
export function internalProblem(requestId: string): Problem {
  const detail = `Something went wrong on our side; the log has it under ${requestId}`;
  const code: AnyErrorCode = 'internal';
  const { title, status } = CATALOGUE[code];
  return { type: pageOfError(code), title, status, detail, code, request_id: requestId, Error: detail };
}
