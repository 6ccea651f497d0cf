import { type Request, type Response } from 'express';
import Negotiator from 'negotiator';
import { type BuiltDocument, CODINGS } from './built-document.js';

/** Version 1 of the library, which its types do not know yet. */
interface Preferring {
  encodings(available: string[], options: { preferred: string[] }): string[];
}

/** Answers with a document, packed as the client likes it; without it where the client has it (RFC 9110, 13.1.2). */
export async function sendDocument(
  document: BuiltDocument,
  request: Request,
  response: Response,
): Promise<void> {
  response.setHeader('ETag', document.etag);
  response.setHeader('Cache-Control', document.isFinal ? 'public, max-age=60' : 'public, max-age=0');
  response.setHeader('Vary', 'Accept-Encoding');
  if (matches(request.headers['if-none-match'], document.etag)) {
    response.status(304).end();
    return;
  }
  const negotiator: Preferring = new Negotiator(request);
  const [best = 'identity'] = negotiator.encodings([...CODINGS, 'identity'], { preferred: [...CODINGS] });
  const coding = CODINGS.find((each) => each === best);
  const bytes = coding === undefined ? document.bytes : await document.packed(coding);
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  if (coding !== undefined) response.setHeader('Content-Encoding', coding);
  response.setHeader('Content-Length', String(bytes.length));
  response.status(200).end(bytes);
}

/** By the weak comparison, as it is asked of If-None-Match. */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '');
  return header.split(',').some((tag) => opaque(tag) === opaque(etag));
}
