import type { Schemas } from '../src/api/client.js';

type Answer = (request: Request) => Response | Promise<Response>;

const answers = new Map<string, Answer>();
/** What was asked for that no test had an answer to. */
const unknown: string[] = [];
const asked: Request[] = [];

/** Says what the server answers from now on: by method and path, `GET /api/v1/users/me`. */
export function serve(of: Record<string, Answer>): void {
  for (const [name, answer] of Object.entries(of)) answers.set(name, answer);
}

/** @returns requests of a method and path, the oldest first */
export function requests(name: string): Request[] {
  return asked.filter((request) => nameOf(request) === name);
}

export function json<T>(body: T, status = 200): Response {
  return Response.json(body, { status, headers: { 'X-Request-Id': 'request-1' } });
}

type Said = Pick<Schemas['ProblemDto'], 'code' | 'detail' | 'status' | 'errors'>;

/** A problem document (RFC 9457), as the API sends it. */
export function problem({ code, detail, status, errors }: Said): Response {
  const body = {
    type: `http://localhost:5000/docs/problems#${code}`,
    title: code,
    status,
    detail,
    code,
    request_id: 'request-1',
    statusCode: status,
    Error: detail,
    ...(errors !== undefined && { errors }),
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'Content-Type': 'application/problem+json', 'X-Request-Id': 'request-1' },
  });
}

const nameOf = ({ method, url }: Request): string => `${method} ${new URL(url).pathname}`;

/** Stands in the place of `fetch`: nothing of a test leaves the process. */
export async function network(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  // what is asked as a test ends is not of the next
  request.signal.throwIfAborted();
  asked.push(request.clone());
  const answer = answers.get(nameOf(request));
  if (answer !== undefined) return answer(request);
  unknown.push(nameOf(request));
  throw new TypeError('fetch failed');
}

/** @returns what was asked for without an answer; the next test begins with a server that knows only visitors */
export function reset(): string[] {
  answers.clear();
  asked.length = 0;
  serve({ 'POST /api/v1/auth/visit': () => json({ access_token: 'visitor', expires_in: 3_600 }) });
  return unknown.splice(0);
}
