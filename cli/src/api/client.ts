import createClient, { type Client } from 'openapi-fetch';
import { CommandError, EXIT, type ExitCode } from '../terminal/exit.js';
import { type components, type paths } from '../generated/schema.js';
import { safe } from '../terminal/safe.js';

/** JSON where a route has it: what else there is is read as a stream. */
export type Api = Client<paths, 'application/json'>;
export type Schemas = components['schemas'];
export type Problem = Schemas['ProblemDto'];
export type Operation = Schemas['OperationDto'];
export type Result = Schemas['ResultDto'];
export type Probe = Schemas['ProbeDto'];
export type Coverage = Schemas['CoverageDto'];

/** The API of one server, with the types of docs/openapi.yaml. */
export function apiOf(server: string, token: string | undefined): Api {
  return createClient<paths, 'application/json'>({
    baseUrl: server,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    fetch: (request) => reached(server, () => fetch(request)),
  });
}

/** @throws CommandError where there is no answer at all */
export async function reached<T>(server: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') throw error;
    throw new CommandError(`${server} cannot be reached: ${reasonOf(error)}`, EXIT.server);
  }
}

/** Node says `fetch failed`, and the reason in its cause. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  const code = (cause as NodeJS.ErrnoException).code;
  return safe(cause.message !== '' ? cause.message : (code ?? cause.name));
}

/** What was asked for. @throws CommandError with the sentence of the problem document */
export async function answered<T>(
  asked: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await asked;
  if (response.ok && data !== undefined) return data;
  throw problemError(response, error);
}

export function problemError(response: Response, body: unknown): CommandError {
  const problem = typeof body === 'object' && body !== null ? (body as Partial<Problem>) : {};
  const sentence =
    problem.detail ?? problem.title ?? `The server answered ${response.status} ${response.statusText}`.trim();
  const id = problem.request_id ?? response.headers.get('x-request-id');
  // the wrong items of a list have one sentence
  const violations = [
    ...new Set((problem.errors ?? []).map(({ field, message }) => `  ${field} ${message}`)),
  ];
  const details = [
    // one wrong member is in the sentence already
    ...(violations.length > 1 ? violations : []),
    ...shortageOf(problem),
    ...(response.status === 401 ? ['Log in: pladmed login SERVER'] : []),
    ...(id === null ? [] : [`(request ${id})`]),
  ];
  return new CommandError(safe(sentence), exitCodeOf(response.status, problem.code), details.map(safe));
}

function shortageOf({ shortage }: Partial<Problem>): string[] {
  return (shortage?.conditions ?? []).map(
    ({ condition, excludes, matching_without }) =>
      `  ${condition} excludes ${excludes}; without it ${matching_without} would match`,
  );
}

function exitCodeOf(status: number, code: string | undefined): ExitCode {
  if (code === 'wrong_credentials' || status === 401 || status === 403) return EXIT.access;
  if (status === 404) return EXIT.notFound;
  if (status >= 500) return EXIT.server;
  return code === 'not_enough_credits' || code === 'too_many_runs' || [402, 409, 412, 429].includes(status)
    ? EXIT.refused
    : EXIT.usage;
}

interface Page<T> {
  items: T[];
  next: string | null;
}

/** All items of all pages; a page may be empty and yet have a next one. */
export async function* pagesOf<T>(
  page: (cursor: string | undefined) => Promise<{ data?: Page<T>; error?: unknown; response: Response }>,
): AsyncGenerator<T, void> {
  let cursor: string | undefined;
  do {
    const { items, next } = await answered(page(cursor));
    yield* items;
    cursor = next ?? undefined;
  } while (cursor !== undefined);
}
