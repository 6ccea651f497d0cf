import { type DomainError, type Violation } from './domain.error.js';

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
    // the classic contract fixes this one sentence
    Error: error.code === 'not_enough_credits' ? error.title : error.message,
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
