import { type Response } from 'express';
import { type Account } from './creation.service.js';

/** Those that scripts on pages of others may read. */
export const GLOBALPING_HEADERS = [
  ...['Pladmed-Operation', 'X-Request-Cost', 'X-Credits-Consumed', 'X-Credits-Remaining'],
  ...['X-RateLimit-Limit', 'X-RateLimit-Consumed', 'X-RateLimit-Remaining', 'X-RateLimit-Reset'],
];

/** Says what a request has cost, and what is left: whole numbers, seconds. */
export function setAccountHeaders(response: Response, { cost, consumed, remaining, tests }: Account): void {
  response.setHeader('X-Request-Cost', String(cost));
  if (remaining !== undefined) {
    response.setHeader('X-Credits-Consumed', String(consumed));
    response.setHeader('X-Credits-Remaining', String(remaining));
  }
  response.setHeader('X-RateLimit-Limit', String(tests.limit));
  response.setHeader('X-RateLimit-Consumed', String(tests.consumed));
  response.setHeader('X-RateLimit-Remaining', String(tests.remaining));
  response.setHeader('X-RateLimit-Reset', String(tests.reset));
}
