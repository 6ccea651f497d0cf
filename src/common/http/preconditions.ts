import { type Response } from 'express';
import { DomainError } from '../errors/domain.error.js';

/** The revision of what is sent, for a later If-Match. */
export function setEtag(response: Response, revision: number): void {
  response.setHeader('ETag', `"${revision}"`);
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
      message: 'must be 1 to 128 visible ASCII characters',
    });
  }
  return key;
}
