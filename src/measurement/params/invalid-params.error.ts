import type { Violation } from '@pladmed/protocol';

/** Everything that is wrong with what a caller sent; its message is one readable sentence. */
export class InvalidParamsError extends Error {
  constructor(readonly violations: Violation[]) {
    super(violations.map(({ field, message }) => `${field} ${message}`).join('; '));
    this.name = 'InvalidParamsError';
  }
}

/**
 * Runs all checks and returns what they return, so that a caller hears of everything at once.
 * @throws InvalidParamsError with the violations of all checks, in order, each once
 */
export function checkTogether<T extends readonly unknown[]>(...checks: { [I in keyof T]: () => T[I] }): T {
  const violations: Violation[] = [];
  const results = checks.map((check: () => unknown) => {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof InvalidParamsError)) throw error;
      violations.push(...error.violations.filter((each) => !violations.some((told) => isSame(told, each))));
      return undefined;
    }
  });
  if (violations.length > 0) throw new InvalidParamsError(violations);
  return results as unknown as T;
}

function isSame(one: Violation, other: Violation): boolean {
  return one.field === other.field && one.message === other.message;
}
