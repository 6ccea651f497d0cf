import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { canHost, startHosted } from './hosted-server.js';

const ROOT = new URL('../../', import.meta.url).pathname;

export interface TestServer {
  url: string;
  dataDir: string;
  pid: number;
  /** Lines of the log so far. */
  log: string[];
  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/**
 * Where the server and its commands are: in the bundle that jest-mongod.js makes of the build (it starts in a tenth of the
 * time), or the build itself where there is none, or the test wants the very files that are delivered.
 */
const built = (file: string): string => join(process.env['PLADMED_TEST_SERVER'] ?? join(ROOT, 'dist'), file);

/** From here on a test file starts the files that are delivered. */
export function useDeliveredFiles(): void {
  delete process.env['PLADMED_TEST_SERVER'];
}

/**
 * A port that is free now, below those that systems give to connections: none of these can take it before it is used, nor
 * while a server that was killed is away.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

/** A test's server has its settings, and of this process's environment what no test sets. */
function settingsOf(env: Record<string, string>, dataDir: string, port: string) {
  const own = { NODE_OPTIONS: '', HOST: '127.0.0.1', PASSWORD_COST: '4' };
  return { ...process.env, ...own, ...env, PORT: port, DATA_DIR: dataDir };
}

/**
 * The same server for a test that needs no process of it: it is started in one that others have used (hosted-server.ts) where
 * that is possible. Its `pid` and `kill()` throw.
 * @param env MONGODB_URI, DATA_DIR and PORT, and other settings
 */
export async function startServerAnywhere(
  env: Record<'MONGODB_URI' | 'DATA_DIR' | 'PORT', string> & Record<string, string>,
): Promise<TestServer> {
  if (!canHost()) return startServer(env);
  const { log, stop } = await startHosted(settingsOf(env, env.DATA_DIR, env.PORT));
  const noProcess = (): never => {
    throw new Error('This server is no process of its own: start it with startProcess()');
  };
  return {
    ...{ url: urlOf(env, env.PORT), dataDir: env.DATA_DIR, log, stop },
    get pid() {
      return noProcess();
    },
    kill: noProcess,
  };
}

const urlOf = (env: Record<string, string>, port: string): string =>
  `http://${env['HOST'] ?? '127.0.0.1'}:${port}`;

/**
 * Starts the built server (`make test` builds it first) as a process of its own and waits until it is ready.
 * @param env MONGODB_URI and MONGO_DATABASE for a shared mongod; without: an embedded one
 * @param onSpawn hears of its process id before it is ready
 */
export async function startServer(
  env: Record<string, string> = {},
  onSpawn: (pid: number) => void = () => undefined,
): Promise<TestServer> {
  const dataDir = env['DATA_DIR'] ?? (await mkdtemp(join(tmpdir(), 'pladmed-test-')));
  const port = env['PORT'] ?? String(await freePort());
  const child = spawn(process.execPath, [built('main.js')], {
    cwd: dataDir,
    env: settingsOf(env, dataDir, port),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: string[] = [];
  // a run that is interrupted, or a test that fails before it has the server in hand, leaves none behind; a mongod of its own
  // only the server itself can end
  const killOnExit = (): void => void child.kill(env['MONGODB_URI'] === undefined ? 'SIGTERM' : 'SIGKILL');
  process.once('exit', killOnExit);
  child.once('exit', () => process.removeListener('exit', killOnExit));
  if (child.pid !== undefined) onSpawn(child.pid);
  await untilReady(child, log);
  const exited = once(child, 'exit') as Promise<[number | null]>;
  return {
    url: urlOf(env, port),
    dataDir,
    pid: child.pid ?? 0,
    log,
    stop: async () => {
      child.kill('SIGTERM');
      const [code] = await exited;
      if (env['DATA_DIR'] === undefined) await rm(dataDir, { recursive: true, force: true });
      return code;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function untilReady(child: ChildProcess, log: string[]): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        log.push(line);
        if (line.includes('"msg":"ready"')) resolve();
      });
    }
    child.once('exit', (code) => {
      reject(new Error(`the server ended with ${String(code)}:\n${log.slice(-20).join('\n')}`));
    });
  });
}

export interface CommandOutcome {
  code: number | null;
  output: string;
}

/** Runs one of the commands of dist/cli to its end. */
export async function runCommand(
  name: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<CommandOutcome> {
  const child = spawn(process.execPath, [built(`cli/${name}.js`), ...args], {
    env: { ...process.env, NODE_OPTIONS: '', PASSWORD_COST: '4', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

/** Runs `npm run superuser -- create EMAIL PASSWORD` for a server's settings. @returns what it printed */
export async function runSuperuser(
  env: Record<string, string>,
  email: string,
  password: string,
): Promise<string> {
  const { code, output } = await runCommand('superuser', ['create', email, password], env);
  if (code !== 0) throw new Error(`superuser ended with ${String(code)}: ${output}`);
  return output;
}
