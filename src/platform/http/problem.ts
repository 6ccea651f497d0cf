import {
  type DomainError,
  GoneError,
  LimitReachedError,
  type Shortage,
  TooFewProbesError,
  type Violation,
} from '../errors/domain.error.js';

/** RFC 9457 problem details, with the member `Error` of the classic contract. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  /** of the request; the log has it */
  request_id: string;
  errors?: readonly Violation[];
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

/** @returns the body that every door sends for a mistake of its caller */
export function problemOf(error: DomainError, requestId: string): Problem {
  return {
    type: `urn:pladmed:error:${error.code}`,
    title: error.title,
    status: error.status,
    detail: error.message,
    code: error.code,
    request_id: requestId,
    ...(error.violations.length > 0 && { errors: error.violations }),
    ...(error instanceof LimitReachedError && limitMembers(error)),
    ...(error instanceof GoneError && { deleted_at: error.deletedAt.toISOString() }),
    ...(error instanceof TooFewProbesError && { shortage: error.shortage }),
    // the classic contract fixes this one sentence
    Error: error.code === 'not_enough_credits' ? error.title : error.message,
  };
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
  return {
    type: 'urn:pladmed:error:internal',
    title: 'Internal error',
    status: 500,
    detail,
    code: 'internal',
    request_id: requestId,
    Error: detail,
  };
}
