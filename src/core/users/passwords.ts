import { compare, hash } from 'bcrypt';
import { type Violation } from '../../platform/errors/domain.error.js';

const SPECIAL = '!"@#$%^&*()-+?_=,/';
/** bcrypt reads no more */
const MOST_BYTES = 72;

/** @returns what is wrong with a new password; undefined: nothing */
export function passwordViolation(password: string): Violation | undefined {
  const wrong = (message: string): Violation => ({ field: 'password', message });
  if (Buffer.byteLength(password) > MOST_BYTES) return wrong(`must have at most ${MOST_BYTES} bytes`);
  if (password.includes('\0')) return wrong('must not contain a NUL character');
  const strong =
    [...password].length >= 8 &&
    /[A-Z]/.test(password) &&
    /[a-z]/.test(password) &&
    /[0-9]/.test(password) &&
    [...SPECIAL].some((character) => password.includes(character));
  if (strong) return undefined;
  return wrong(
    `must have at least 8 characters, one upper case, one lower case, one digit and one of ${SPECIAL}`,
  );
}

/** @param cost bcrypt's: the work doubles with each step */
export async function hashPassword(password: string, cost: number): Promise<string> {
  return hash(password, cost);
}

export async function passwordMatches(password: string, passwordHash: string): Promise<boolean> {
  return compare(password, passwordHash);
}
