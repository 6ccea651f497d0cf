import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiHeader, ApiOkResponse, ApiProduces, ApiResponse } from '@nestjs/swagger';
import { type Request, type Response } from 'express';
import { type Picture } from '../../platform/images/picture.js';
import { ETAG } from '../../platform/http/preconditions.js';

const BINARY = { schema: { type: 'string', format: 'binary' } } as const;
const TYPES = ['image/jpeg', 'image/png'];

/** Says what a file may be that becomes a picture. @param side of what is kept, in pixels */
export const pictureRule = (side: number) =>
  `The body is a JPEG or PNG file of 1 MB, 16,000,000 pixels and 8,000 pixels a side at the most. It is decoded, made ${side} pixels wide and high at the most, and encoded anew: its metadata are not kept.`;

/** Documents a body that is such a file. */
export function ApiPictureBody(): MethodDecorator {
  return applyDecorators(ApiConsumes(...TYPES), ApiBody(BINARY));
}

/** Documents an answer that is a picture. */
export function ApiPicture(): MethodDecorator {
  return applyDecorators(
    ApiProduces(...TYPES),
    ApiHeader({ name: 'If-None-Match', required: false, schema: { type: 'string' } }),
    ApiOkResponse({
      description: 'The file.',
      headers: ETAG,
      content: Object.fromEntries(TYPES.map((type) => [type, BINARY])),
    }),
    ApiResponse({ status: 304, description: 'It is the one that `If-None-Match` names.' }),
  );
}

/** @returns the body; no bytes where there is none */
export function fileIn({ body }: Request): Buffer {
  const sent: unknown = body;
  return Buffer.isBuffer(sent) ? sent : Buffer.alloc(0);
}

/** Answers with a picture and its tag, or with 304. */
export function sendPicture(
  response: Response,
  { type, bytes, digest }: Picture & { digest: string },
  ifNoneMatch: string | undefined,
): void {
  response.setHeader('ETag', `"${digest}"`);
  response.setHeader('Cache-Control', 'private, no-cache');
  if (isKnown(ifNoneMatch, digest)) {
    response.status(304).end();
    return;
  }
  response.type(type);
  response.send(bytes);
}

/** RFC 9110, section 13.1.2: whatever Cache-Control says beside, which Express asks too. */
function isKnown(ifNoneMatch: string | undefined, digest: string): boolean {
  const tags = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(`"${digest}"`);
}
