import type { components } from '../../generated/api.js';

type ProblemDto = components['schemas']['ProblemDto'];

/** What went wrong with a request, in words for people: the server's own (RFC 9457), or that it cannot be reached. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';

  constructor(
    /** of HTTP; 0: there was no answer */
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly requestId: string | undefined,
    readonly errors: readonly { field: string; message: string }[] = [],
  ) {
    super(detail);
  }

  /** @param body what the server answered; anything else than a problem is an answer of something between */
  static of(status: number, body: unknown, requestId: string | null): ApiProblem {
    const problem = (typeof body === 'object' && body !== null ? body : {}) as Partial<ProblemDto>;
    return new ApiProblem(
      status,
      problem.code ?? 'unknown',
      problem.detail ?? `The server answered ${String(status)}, and did not say why`,
      problem.request_id ?? requestId ?? undefined,
      // the wrong items of a list have one sentence
      [...new Map((problem.errors ?? []).map((each) => [`${each.field} ${each.message}`, each])).values()],
    );
  }

  /** @returns what is wrong with a field that is known without asking */
  static at(field: string, message: string): ApiProblem {
    return new ApiProblem(400, 'invalid_request', `${field} ${message}`, undefined, [{ field, message }]);
  }

  static away(): ApiProblem {
    return new ApiProblem(0, 'away', 'The server does not answer', undefined);
  }

  /** @returns what is wrong with a member, as the end of a sentence that begins with it */
  of(field: string): string | undefined {
    return this.errors.find((each) => each.field === field)?.message;
  }
}

/** @returns any error as one that can be shown */
export function problemOf(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  return new ApiProblem(0, 'page', error instanceof Error ? error.message : String(error), undefined);
}
