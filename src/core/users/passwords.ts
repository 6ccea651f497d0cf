import { compare, hash } from 'bcrypt';
import { isEmail } from 'class-validator';
import { DomainError, type Violation } from '../../platform/errors/domain.error.js';

const SPECIAL = '!"@#$%^&*()-+?_=,/';
/** bcrypt reads no more */
const MOST_BYTES = 72;
/** RFC 5321, section 4.5.3.1.3, less the brackets */
const MOST_OF_EMAIL = 254;

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

/** One person, one account, however the address is typed: domain and name in lower case. */
export function normaliseEmail(email: string): string {
  return email.normalize('NFC').trim().toLowerCase();
}

/** @returns the e-mail in its normal form @throws DomainError invalid_request */
export function checkEmail(email: string): string {
  const normal = normaliseEmail(email);
  const violation = emailViolation(normal);
  if (violation !== undefined) throw DomainError.invalid(violation);
  return normal;
}

/** @returns the e-mail in its normal form @throws DomainError invalid_request that names each of them that is wrong */
export function checkedAccount(email: string, password: string): string {
  const normal = normaliseEmail(email);
  const violations = [emailViolation(normal), passwordViolation(password)].filter(
    (violation) => violation !== undefined,
  );
  if (violations.length > 0) throw DomainError.invalid(...violations);
  return normal;
}

/** @param email in its normal form @returns what is wrong with it; undefined: nothing */
export function emailViolation(email: string): Violation | undefined {
  if (isEmail(email) && email.length <= MOST_OF_EMAIL) return undefined;
  return { field: 'email', message: 'must be an e-mail address' };
}
