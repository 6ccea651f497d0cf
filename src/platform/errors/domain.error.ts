import { type Bound } from '../limits/limit-hits.js';

/** One wrong member of what a caller sent. */
export interface Violation {
  /** path of the member, for example `params.maxttl` */
  field: string;
  /** what would be right, as the end of a sentence that begins with the field */
  message: string;
}

/**
 * Every way in which the platform says no. A code is stable and part of the API; the status is what HTTP makes of it.
 * `invalid_token` is 401 and nothing else is: the classic frontend logs its user out on any 401.
 */
const CATALOGUE = {
  invalid_request: { status: 400, title: 'The request is not valid' },
  not_enough_credits: { status: 400, title: 'Not enough credits' },
  email_taken: { status: 400, title: 'That email is already registered' },
  too_many_runs: { status: 400, title: 'The operation has too many runs' },
  unauthenticated: { status: 401, title: 'Authentication is needed' },
  forbidden: { status: 403, title: 'Not allowed' },
  not_found: { status: 404, title: 'Not found' },
  wrong_credentials: { status: 404, title: 'Invalid email or password' },
  no_available_probe: { status: 404, title: 'No available probes' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  not_acceptable: { status: 406, title: 'None of the formats that were asked for is there' },
  too_few_probes: { status: 409, title: 'Too few probes match' },
  conflict: { status: 409, title: 'The state of the resource does not allow this' },
  gone: { status: 410, title: 'Not kept any more' },
  changed_meanwhile: { status: 412, title: 'The resource was changed meanwhile' },
  body_too_large: { status: 413, title: 'The body is too large' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key was used for another request' },
  precondition_required: { status: 428, title: 'An If-Match header is needed' },
  too_many_attempts: { status: 429, title: 'Too many attempts' },
  limit_reached: { status: 429, title: 'A limit is reached' },
  busy: { status: 503, title: 'The server has too much to do' },
  shutting_down: { status: 503, title: 'The server is shutting down' },
} as const;

export type ErrorCode = keyof typeof CATALOGUE;

export const ERROR_CODES = Object.keys(CATALOGUE) as ErrorCode[];

/** A caller's mistake, or a state that does not allow what was asked. Doors translate it; they never invent one. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly status: number;
  readonly title: string;

  constructor(
    readonly code: ErrorCode,
    detail?: string,
    readonly violations: readonly Violation[] = [],
  ) {
    const { status, title } = CATALOGUE[code];
    super(detail ?? title);
    this.status = status;
    this.title = title;
  }

  /** A 400 that names each wrong field. */
  static invalid(...violations: Violation[]): DomainError {
    const detail = violations.map(({ field, message }) => `${field} ${message}`).join('; ');
    return new DomainError('invalid_request', detail, violations);
  }
}

/** A bound that was reached. */
export interface ReachedLimit {
  bound: Bound;
  limit: number;
  used: number;
  /** what the request would have added, where that is not simply one more */
  asked?: number;
  /** when there is room again; undefined: never, since more was asked for than the bound allows at any time */
  freeAt: Date | undefined;
  /** now, by the clock that `freeAt` goes by; absent: this server's */
  asOf?: Date;
  /** the address or name that is bounded, where it is one */
  target?: string;
}

/** A 429: it says what the limit is, what was used of it and when it is free again. */
export class LimitReachedError extends DomainError {
  constructor(
    code: 'too_many_attempts' | 'limit_reached',
    detail: string,
    readonly reached: ReachedLimit,
  ) {
    super(code, detail);
  }
}

/** What was there, and is deleted because it is older than it is kept. */
export class GoneError extends DomainError {
  constructor(
    detail: string,
    readonly deletedAt: Date,
  ) {
    super('gone', detail);
  }
}

/** How far the probes that match fall short of those that were asked for. */
export interface Shortage {
  asked: number;
  matching: number;
  /** all that there are */
  registered: number;
  /** each by itself: how many of all probes do not meet it, and how many would match if it were not asked */
  conditions: { condition: string; excludes: number; matching_without: number }[];
}

/** A choice of probes that cannot be made now; later it may. */
export class TooFewProbesError extends DomainError {
  constructor(readonly shortage: Shortage) {
    const { asked, matching, registered, conditions } = shortage;
    const why = conditions.map(({ condition, excludes }) => `${condition} excludes ${excludes}`).join(', ');
    super(
      'too_few_probes',
      `select.count asks for ${asked} probes and ${matching} match, of ${registered}${why && `: ${why}`}`,
    );
  }
}
