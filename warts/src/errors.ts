/**
 * Why decoding stopped:
 * - `not-warts`: the input does not begin with a warts record
 * - `truncated`: the input ends inside a record
 * - `malformed`: a record breaks a rule of the format
 * - `reference`: a record names a list, cycle or address that was not defined before it
 * - `limit`: one of the caller's `DecodeLimits` was reached
 */
export type WartsErrorCode = 'not-warts' | 'truncated' | 'malformed' | 'reference' | 'limit';

/** The one error that decoding gives: what is wrong, in which record (counted from 0), at which byte of the input. */
export class WartsError extends Error {
  override readonly name = 'WartsError';

  constructor(
    readonly code: WartsErrorCode,
    readonly detail: string,
    readonly recordIndex: number,
    readonly offset: number,
  ) {
    super(`${detail} (record ${recordIndex}, byte ${offset})`);
  }
}
