import type { FailureReason } from './protocol.js';

/** A run that came to nothing, with the reason that the user is told. */
export class RunFailure extends Error {
  constructor(
    readonly reason: FailureReason,
    detail: string,
  ) {
    super(detail);
  }
}

/** A result that no message can carry. */
export function tooLarge(bytes: number): RunFailure {
  return new RunFailure('tool_failed', `the result has ${bytes} bytes, more than a message may carry`);
}
