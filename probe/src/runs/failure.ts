import type { FailureReason } from '../protocol.js';

/** A run that came to nothing, with the reason that the user is told. */
export class RunFailure extends Error {
  constructor(
    readonly reason: FailureReason,
    detail: string,
  ) {
    super(detail);
  }
}
