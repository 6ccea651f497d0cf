import { type AnyErrorCode } from '../../../platform/errors/catalogue.js';
import { type ErrorForm } from '../../../platform/http/error-form.js';
import { type MemberError } from '../../../platform/http/problem.js';
import { type WrongParams } from './request/read-request.js';

/** Status and type of Globalping's API, where they are not those of the platform. */
const WORDS: Partial<Record<AnyErrorCode, { status?: number; type: string }>> = {
  invalid_request: { type: 'validation_error' },
  too_many_runs: { type: 'validation_error' },
  unauthenticated: { type: 'unauthorized' },
  no_available_probe: { status: 422, type: 'no_probes_found' },
  too_few_probes: { status: 422, type: 'no_probes_found' },
  not_enough_credits: { status: 429, type: 'insufficient_credits' },
  limit_reached: { type: 'rate_limit_exceeded' },
  too_many_attempts: { type: 'too_many_requests' },
  busy: { type: 'api_error' },
  shutting_down: { type: 'api_error' },
  internal: { type: 'api_error' },
};

/** How members of an operation are called here. */
const FIELDS: readonly [RegExp, string][] = [
  [/^params\b.*/, 'target'],
  [/^(probes|select)\b.*/, 'limit'],
];

/**
 * Words errors as Globalping's clients read them. There is nothing beside `error`: the Go client reads names in any case, and takes the
 * member `Error` of the classic contract for it.
 */
export const globalpingErrors: ErrorForm = ({ code, status: ours, detail, errors }) => {
  const { status = ours, type = code } = WORDS[code as AnyErrorCode] ?? {};
  const error = {
    type,
    message: errors ? 'Parameter validation failed.' : code === 'internal' ? detail : sentence(detail),
    ...(errors && { params: paramsOf(errors) }),
  };
  return { status, body: { error } };
};

/** The command line takes the last point off where it adds words. */
function sentence(message: string): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}

function paramsOf(errors: readonly MemberError[]): WrongParams {
  return Object.fromEntries(errors.map(({ field, message }) => [fieldHere(field), message]));
}

function fieldHere(field: string): string {
  const [, name = field] = FIELDS.find(([pattern]) => pattern.test(field)) ?? [];
  return name;
}
