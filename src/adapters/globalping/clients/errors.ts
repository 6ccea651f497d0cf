import { type Response } from 'express';
import { type ErrorCode } from '../../../platform/errors/catalogue.js';
import { type DomainError, type Violation } from '../../../platform/errors/domain.error.js';
import { type ErrorForm } from '../../../platform/http/error-form.js';
import { type WrongParams } from './request/read-request.js';

/** Status and type of Globalping's API, where they are not those of the platform. */
const WORDS: Partial<Record<ErrorCode, { status?: number; type: string }>> = {
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
export const globalpingErrors: ErrorForm = (mistake, requestId, _request, response) => {
  if (mistake === undefined) {
    const message = `Something went wrong on our side; the log has it under ${requestId}`;
    send(response, 500, { type: 'api_error', message });
    return;
  }
  const { status = mistake.status, type = mistake.code } = WORDS[mistake.code] ?? {};
  if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="pladmed"');
  const { violations } = mistake;
  send(response, status, {
    type,
    message: violations.length > 0 ? 'Parameter validation failed.' : sentence(mistake),
    ...(violations.length > 0 && { params: paramsOf(violations) }),
  });
};

function send(
  response: Response,
  status: number,
  error: { type: string; message: string; params?: WrongParams },
): void {
  response.status(status).type('application/json').send(JSON.stringify({ error }));
}

/** The command line takes the last point off where it adds words. */
function sentence({ message }: DomainError): string {
  return /[.!?]$/.test(message) ? message : `${message}.`;
}

function paramsOf(violations: readonly Violation[]): WrongParams {
  return Object.fromEntries(violations.map(({ field, message }) => [fieldHere(field), message]));
}

function fieldHere(field: string): string {
  const [, name = field] = FIELDS.find(([pattern]) => pattern.test(field)) ?? [];
  return name;
}
