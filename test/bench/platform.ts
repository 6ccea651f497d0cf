import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { io, type Socket } from 'socket.io-client';
import { runSuperuser, startServer, type TestServer } from '../support/server.js';

const SECRET_KEY = 'a secret for benchmarks only';

export interface Platform {
  server: TestServer;
  /** @returns the answer's JSON; throws on an error status */
  call<T>(method: string, path: string, body?: object): Promise<T>;
}

/** A server with an embedded database of its own, and a rich user. */
export async function startPlatform(): Promise<Platform> {
  const env = { SECRET_KEY, LOG_LEVEL: 'warn' };
  const server = await startServer({ ...env, LOG_LEVEL: 'info' });
  const credentials = { email: 'bench@example.org', password: 'Bench-mark-1' };
  await runSuperuser({ ...env, DATA_DIR: server.dataDir }, credentials.email, credentials.password);
  const login = await post(server.url, '/login', credentials);
  const token = (login as { access_token: string }).access_token;
  const call = <T>(method: string, path: string, body?: object) =>
    request(server.url, method, path, body, token) as Promise<T>;
  const me = await call<{ _id: string }>('GET', '/users/me');
  await call('POST', '/credits', { id: me._id, credits: 1_000_000_000 });
  return { server, call };
}

function post(url: string, path: string, body: object): Promise<unknown> {
  return request(url, 'POST', path, body);
}

async function request(
  url: string,
  method: string,
  path: string,
  body?: object,
  token?: string,
): Promise<unknown> {
  const response = await fetch(url + path, {
    method,
    headers: { 'Content-Type': 'application/json', ...(token !== undefined && { access_token: token }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
}

/** @returns tokens of new probes */
export async function registerProbes({ call }: Platform, count: number): Promise<string[]> {
  const tokens: string[] = [];
  for (let done = 0; done < count; done += 50) {
    const batch = Array.from({ length: Math.min(50, count - done) }, () =>
      call<{ token: string }>('POST', '/probes', { location: { longitude: 0, latitude: 0 } }),
    );
    tokens.push(...(await Promise.all(batch)).map(({ token }) => token));
  }
  return tokens;
}

export async function connectClassic(url: string, token: string): Promise<Socket> {
  return connected(
    io(url, {
      query: { token },
      transports: ['websocket'],
      extraHeaders: { total_credits: '1000000', in_use_credits: '0' },
      forceNew: true,
      reconnection: false,
    }),
  );
}

export async function connectNative(url: string, token: string): Promise<Socket> {
  const auth = {
    token,
    protocol: 2,
    version: 'bench',
    capabilities: { kinds: ['ping', 'traceroute', 'dns'] },
  };
  const socket = io(`${url}/probe`, { auth, transports: ['websocket'], forceNew: true, reconnection: false });
  socket.on('sync', (_message: unknown, acknowledge: (answer: object) => void) => {
    acknowledge({ refused: [] });
  });
  return connected(socket);
}

async function connected(socket: Socket): Promise<Socket> {
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return socket;
}

/** @returns the echo server's URL and how to end it */
export async function startEcho(): Promise<{ url: string; stop(): void }> {
  const script = fileURLToPath(new URL('echo-server.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<number>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      resolve((JSON.parse(line) as { port: number }).port);
    });
  });
  return { url: `http://127.0.0.1:${port}`, stop: () => child.kill() };
}

/** @returns resident memory of a process in bytes */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}
