/** One way in which the platform says no. */
export interface ErrorEntry {
  /** of HTTP */
  status: number;
  /** the same for every occurrence (RFC 9457, section 3.1.4) */
  title: string;
  /** what it means, for its page: sentences in Markdown that know code spans alone */
  meaning: string;
  /** what its reader can do about it, likewise */
  remedy: string;
}

/**
 * Every way in which the platform says no. A code is stable and part of the API; the status is what HTTP makes of it.
 * Only a missing or invalid token is 401: the classic frontend logs its user out on any 401.
 */
export const CATALOGUE = {
  invalid_request: {
    status: 400,
    title: 'The request is not valid',
    meaning:
      'Something in the request is missing, has the wrong form or is out of its range. `errors` lists every member at fault: `pointer` is its place in the body (a JSON pointer, RFC 6901), `parameter` its name in the address, `header` its name among the headers. `detail` says what would be right.',
    remedy:
      'Change each member as its `detail` says and send the request again. Without `errors` the body as a whole cannot be read: it must be one JSON object in UTF-8. `/docs` describes every member of every route.',
  },
  not_enough_credits: {
    status: 400,
    title: 'Not enough credits',
    meaning:
      'The operation costs more credits than your account has. Its cost is the price of a run times its runs times its probes. Nothing was made, and nothing was paid.',
    remedy:
      'Ask `POST /api/v1/operations/quote` what an operation costs, and measure fewer destinations, less often or from fewer probes. Credits are earned by results of your own probes, and superusers grant them.',
  },
  email_taken: {
    status: 400,
    title: 'That email is already registered',
    meaning: 'There is an account with this e-mail address. Upper and lower case are the same.',
    remedy: 'Log in with it, or use another address.',
  },
  too_many_runs: {
    status: 400,
    title: 'The operation has too many runs',
    meaning: 'Schedule and probes together call for more runs than one operation may have.',
    remedy: 'Let it run less often or end earlier, or spread the probes over several operations.',
  },
  unauthenticated: {
    status: 401,
    title: 'Authentication is needed',
    meaning:
      'The request has neither an access token nor a key, or one that is over, was revoked or belongs to another platform.',
    remedy:
      'Get a token from `POST /api/v1/auth/login`, or for a program a key from `POST /api/v1/users/me/keys`. Send a token as `Authorization: Bearer TOKEN`, a key likewise or as `Authorization: Key KEY`. Neither is read in the address: revoke a key that was sent there.',
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    meaning: 'The server knows who you are, and your account may not do this: the thing belongs to another.',
    remedy: 'Ask its owner or a superuser, or use an account that may.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    meaning:
      'There is no such thing, or it is not for you to see: the server does not say which of the two. An id of the wrong form names nothing either.',
    remedy: 'Look the id or name up in its listing. `/docs` lists all paths.',
  },
  wrong_credentials: {
    status: 404,
    title: 'Invalid email or password',
    meaning:
      'E-mail and password do not belong together. The answer is the same where there is no such account.',
    remedy: 'Type both again. Too many failures are refused for a quarter of an hour.',
  },
  no_available_probe: {
    status: 404,
    title: 'No available probes',
    meaning: 'None of the named probes is connected and has room for this measurement now.',
    remedy:
      'Name other probes, or create the operation by `POST /api/v1/operations`: there it waits until its probes come.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    meaning: 'The path is there, and does not know this method.',
    remedy: 'Use one of the methods that the header `Allow` lists.',
  },
  not_acceptable: {
    status: 406,
    title: 'None of the formats that were asked for is there',
    meaning: 'The server has no format that `Accept`, or the parameter `format`, asks for.',
    remedy: 'Ask for one of the formats that `detail` lists.',
  },
  too_few_probes: {
    status: 409,
    title: 'Too few probes match',
    meaning:
      'Fewer probes than `select.count` meet all conditions now. `shortage` says of each condition how many probes it excludes, and how many would match without it.',
    remedy: 'Loosen the condition that excludes most, ask for fewer probes, or try again later.',
  },
  conflict: {
    status: 409,
    title: 'The state of the resource does not allow this',
    meaning:
      'The request is right, and the thing is not in a state in which it can be done. `detail` says why.',
    remedy: 'Read the thing again, change what `detail` names, and repeat the request.',
  },
  gone: {
    status: 410,
    title: 'Not kept any more',
    meaning: 'It was there, and was deleted because it is older than it is kept. `deleted_at` says when.',
    remedy:
      'Summaries and figures may be kept longer than raw bytes: look there. `GET /api/v1/operations/{id}/retention` says for how long data of an operation are kept.',
  },
  changed_meanwhile: {
    status: 412,
    title: 'The resource was changed meanwhile',
    meaning:
      'Somebody changed the thing after you had read it: `If-Match` does not name its present revision, which the header `ETag` of this answer does. Nothing was changed.',
    remedy:
      'Read the thing again, look at what the other changed, and send your change with the `ETag` that you have read now.',
  },
  body_too_large: {
    status: 413,
    title: 'The body is too large',
    meaning:
      'The body of the request has more bytes than this route takes. `detail` says how many it may have.',
    remedy: 'Send less at once.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The Idempotency-Key was used for another request',
    meaning: 'The same key came with another body before. Nothing was made.',
    remedy: 'Use a new key for each new request, and the same key only to repeat one.',
  },
  precondition_required: {
    status: 428,
    title: 'An If-Match header is needed',
    meaning:
      'Several people can change this thing, and without `If-Match` one would overwrite what another wrote a moment before (RFC 6585).',
    remedy: 'Read the thing, and send the `ETag` of that answer as `If-Match` with the change.',
  },
  headers_too_large: {
    status: 431,
    title: 'Address and headers are too large',
    meaning: 'The address of the request and its headers have more than 16 KB together.',
    remedy: 'Name fewer things in one request: page by page, or several requests.',
  },
  too_many_attempts: {
    status: 429,
    title: 'Too many attempts',
    meaning:
      'Too many log-ins failed, or too many accounts were opened, from your address or for this account.',
    remedy: 'Wait as many seconds as `Retry-After` says. `free_at` is the same as a time.',
  },
  limit_reached: {
    status: 429,
    title: 'A limit is reached',
    meaning:
      'The request would go beyond a bound of your account, or of a target that is measured. `bound` names it, `limit` is what it allows, `used` what is taken and `asked` what the request would add.',
    remedy:
      'Wait until `free_at`; where that is null, ask for less: waiting does not help. `GET /api/v1/users/me/limits` shows your bounds.',
  },
  busy: {
    status: 503,
    title: 'The server has too much to do',
    meaning: 'The server, or its database, cannot take the request now. Nothing was changed.',
    remedy: 'Send it again after the seconds of `Retry-After`, more slowly if it happens again.',
  },
  shutting_down: {
    status: 503,
    title: 'The server is shutting down',
    meaning: 'The server ends its work and takes no more. Nothing was changed.',
    remedy: 'Send it again after the seconds of `Retry-After`: another server, or the next one, takes it.',
  },
  internal: {
    status: 500,
    title: 'Internal error',
    meaning: 'Something went wrong on our side: it is a fault of the server, not of your request.',
    remedy:
      'Tell those who run the server the `request_id`: the log has what happened under it. Whether a change was made is to be read from the thing itself.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type AnyErrorCode = keyof typeof CATALOGUE;
/** What a caller can bring about; `internal` is ours. */
export type ErrorCode = Exclude<AnyErrorCode, 'internal'>;

export const ALL_CODES = Object.keys(CATALOGUE) as AnyErrorCode[];
export const ERROR_CODES = ALL_CODES.filter((code): code is ErrorCode => code !== 'internal');

/** @returns the page of a code, and the `type` of its problems: a reference that is right on every address of the server */
export function pageOfError(code: AnyErrorCode): string {
  return `/docs/errors/${code}`;
}
