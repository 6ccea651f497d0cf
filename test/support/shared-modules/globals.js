/**
 * Stands for `@jest/globals` in test files that runner.js loads: what they import changes from one test file to the next, and so
 * does what modules hold that all of them share.
 */
export let jest, expect, describe, it, test, beforeAll, beforeEach, afterAll, afterEach;

/** Called by runner.js before it loads a test file. */
export function setGlobals(globals) {
  ({ jest, expect, describe, it, test, beforeAll, beforeEach, afterAll, afterEach } = globals);
}
