import { type Schema } from 'mongoose';
import { createHash } from 'node:crypto';
import { isDuplicateKey } from '../errors/database-errors.js';
import { DomainError } from '../errors/domain.error.js';

/** A request that may be sent again: the same key of the same owner stands for the same request. */
export interface Idempotency {
  key: string;
  /** all that makes it this request */
  request: unknown;
}

/** Members of a document by which a repeated request finds what the first one made. */
export interface Idempotent {
  idempotency_key?: string;
  /** SHA-256 of the request that made it: the same key with another request is refused */
  request_hash?: string;
}

/** Lets documents of a collection be made once for each `owner` and key, however many servers are asked at once. */
export function makeIdempotent(schema: Schema): void {
  schema.add({ idempotency_key: String, request_hash: String });
  // a repeated request finds the document that the first one made
  schema.index(
    { owner: 1, idempotency_key: 1 },
    { unique: true, partialFilterExpression: { idempotency_key: { $exists: true } } },
  );
}

/** @returns what the new document has to have */
export function idempotencyMembers(idempotency: Idempotency | undefined): Idempotent {
  if (idempotency === undefined) return {};
  return { idempotency_key: idempotency.key, request_hash: requestHash(idempotency.request) };
}

/** @returns what tells two requests with the same key apart */
export function requestHash(request: unknown): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('hex');
}

/** How one kind of document is made once. */
export interface Creation<Stored extends Idempotent, Made> {
  /** the document of this owner with this key */
  find: (key: string) => Promise<Stored | null>;
  /** what `create` would have returned, for a document that is there */
  show: (stored: Stored) => Promise<Made> | Made;
  /** stores the document with its `idempotencyMembers`; nothing has changed where it throws */
  create: () => Promise<Made>;
}

/**
 * Creates something, unless this request has made it before.
 * @param idempotency undefined: it is made whatever was made before
 * @returns what was made now, or by the first request with this key
 * @throws DomainError idempotency_key_reused when the first request was another one; what `create` throws
 */
export async function createOnce<Stored extends Idempotent, Made>(
  idempotency: Idempotency | undefined,
  { find, show, create }: Creation<Stored, Made>,
): Promise<Made> {
  if (idempotency === undefined) return create();
  const madeBefore = async (): Promise<Made | undefined> => {
    const stored = await find(idempotency.key);
    if (stored === null) return undefined;
    if (stored.request_hash !== requestHash(idempotency.request))
      throw new DomainError('idempotency_key_reused');
    return show(stored);
  };
  const earlier = await madeBefore();
  if (earlier !== undefined) return earlier;
  try {
    return await create();
  } catch (error) {
    // the same request twice at once: the other one has made it, and may have taken what this one lacked
    const mayBeMade = isDuplicateKey(error) || error instanceof DomainError;
    const first = mayBeMade ? await madeBefore() : undefined;
    if (first === undefined) throw error;
    return first;
  }
}
