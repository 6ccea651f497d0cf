/**
 * How much a test draws or does at once: a part of it in `make test`, which everybody waits for; all of it in `make test-all`.
 * Each run draws anew, so what a part leaves out comes in another run.
 */
export function sized<T>(whole: T, part: T): T {
  return process.env['TEST_SIZE'] === 'whole' ? whole : part;
}
