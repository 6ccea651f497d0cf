import { ApiHeader } from '@nestjs/swagger';
import { type Response } from 'express';
import { type Expected, type ExpectedTags, type Seen } from '../database/revision.js';
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

/** Documents the If-Match header. @param needed whether the change is refused without it (428) */
export function ApiIfMatch(needed: 'required' | 'optional' = 'required') {
  return apiIfMatch('[0-9]{1,9}', needed);
}

/** Documents it for a part of a thing that has a tag of its own. */
export function ApiIfTagMatch() {
  return apiIfMatch('[0-9a-f]{1,32}', 'optional');
}

function apiIfMatch(tag: string, needed: 'required' | 'optional') {
  const schema = { ...text, pattern: `^(\\*|(W/)?"${tag}"(, *(W/)?"${tag}")*)$`, example: '"1"' };
  return ApiHeader({
    name: 'If-Match',
    required: needed === 'required',
    description: 'The ETag that you have read; `*`: whatever it is now.',
    schema,
  });
}

/** Documents the If-None-Match header of a PUT that makes or replaces. */
export function ApiIfNoneMatch() {
  return ApiHeader({
    name: 'If-None-Match',
    required: false,
    description: '`*`: only where there is none yet.',
    schema: { ...text, enum: ['*'] },
  });
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
 * @returns the revisions that the caller names; none for a tag that was never ours
 * @throws DomainError precondition_required without the header
 */
export function revisionsIn(ifMatch: string | undefined): Seen {
  if (ifMatch === undefined) {
    throw new DomainError('precondition_required', 'Send the ETag that you have read in If-Match');
  }
  return readIfMatch(ifMatch);
}

/** @returns likewise, where a change needs no If-Match: any without the header */
export function revisionsIfGiven(ifMatch: string | undefined): Seen {
  return ifMatch === undefined ? 'any' : readIfMatch(ifMatch);
}

/**
 * What a PUT that makes or replaces expects.
 * @param ifNoneMatch of which `*` alone is read (RFC 9110, section 13.1.2)
 */
export function expectedIn(ifMatch: string | undefined, ifNoneMatch: string | undefined): Expected {
  if (ifMatch !== undefined) return readIfMatch(ifMatch);
  return ifNoneMatch?.trim() === '*' ? 'nothing' : 'unstated';
}

/** @returns likewise, for a part of a thing that has a tag of its own */
export function expectedTagsIn(ifMatch: string | undefined, ifNoneMatch?: string): ExpectedTags {
  if (ifMatch !== undefined) return tagsIn(ifMatch);
  return ifNoneMatch?.trim() === '*' ? 'nothing' : 'unstated';
}

/** RFC 9110, section 13.1.1. A weak tag counts as well: proxies that compress an answer weaken its tag. */
function readIfMatch(ifMatch: string): Seen {
  const tags = tagsIn(ifMatch);
  return tags === 'any' ? tags : tags.filter((tag) => /^\d{1,9}$/.test(tag)).map(Number);
}

function tagsIn(ifMatch: string): 'any' | string[] {
  if (ifMatch.trim() === '*') return 'any';
  const tags = ifMatch.split(',').map((tag) => /^(?:W\/)?"([0-9a-f]{1,32})"$/.exec(tag.trim())?.[1]);
  return tags.filter((tag) => tag !== undefined);
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
