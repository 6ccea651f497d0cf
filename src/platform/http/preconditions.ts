import { ApiHeader } from '@nestjs/swagger';
import { type Response } from 'express';
import { DomainError } from '../errors/domain.error.js';

const text = { type: 'string' } as const;

/** Documented response headers. */
export const ETAG = { ETag: { description: 'Its revision, for If-Match.', schema: text } };
export const LOCATION = { Location: { description: 'Where it is.', schema: text } };

/** Documents the Idempotency-Key header. */
export function ApiIdempotencyKey(description: string) {
  const schema = { ...text, pattern: '^[!-~]{1,128}$' };
  return ApiHeader({ name: 'Idempotency-Key', required: false, description, schema });
}

/** Documents the If-Match header. */
export function ApiIfMatch() {
  const schema = { ...text, pattern: '^(W/)?"[0-9]{1,9}"$', example: '"1"' };
  return ApiHeader({ name: 'If-Match', required: true, description: 'The ETag that you have read.', schema });
}

/**
 * The revision of what is sent, for a later If-Match. It does not change with what is shown beside (a probe's connection), so that
 * no 304 may rest on it: nothing is kept by caches, and If-None-Match is not looked at.
 */
export function setEtag(response: Response, revision: number): void {
  response.setHeader('ETag', `"${revision}"`);
  response.setHeader('Cache-Control', 'no-store');
  delete response.req.headers['if-none-match'];
}

/**
 * @param ifMatch the header
 * @returns the revision that the caller has seen
 * @throws DomainError precondition_required without the header, changed_meanwhile for a tag that was never ours
 */
export function revisionIn(ifMatch: string | undefined): number {
  if (ifMatch === undefined) {
    throw new DomainError('precondition_required', 'Send the ETag that you have read in If-Match');
  }
  const match = /^(?:W\/)?"(\d{1,9})"$/.exec(ifMatch.trim());
  if (match === null) throw new DomainError('changed_meanwhile', 'If-Match is no ETag of this resource');
  return Number(match[1]);
}

/**
 * @param key the Idempotency-Key header
 * @throws DomainError invalid_request
 */
export function idempotencyKey(key: string | undefined): string | undefined {
  if (key === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,128}$/.test(key)) {
    throw DomainError.invalid({
      field: 'Idempotency-Key',
      in: 'header',
      message: 'must be 1 to 128 visible ASCII characters',
    });
  }
  return key;
}
