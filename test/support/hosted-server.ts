import { type ChildProcess, fork } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a host says of one of its servers (server-host.cjs). */
type Said = { id: number } & ({ line: string } | { ready: true } | { failed: string } | { ended: number });

interface Hosted {
  log: string[];
  /** May be called again. @returns the exit code that a process of its own would have */
  stop(): Promise<number>;
}

/** After so many servers a worker takes a new host: what one of them leaves behind in memory is not there for ever. */
const MOST = 12;

let host: Host | undefined;
let servers = 0;

/** @returns whether servers can be hosted in this run: jest.config.js says so, and there is a bundle of the build */
export function canHost(): boolean {
  return process.env['PLADMED_TEST_HOSTS'] === '1' && process.env['PLADMED_TEST_SERVER'] !== undefined;
}

/**
 * A server in a process that a worker of jest keeps for all its test files: with modules of its own kind of start, database, data
 * directory, port, settings and log, but no process id, nor anything else that is a process's.
 * @param env complete: nothing is taken of this process
 * @throws Error when it cannot start
 */
export function startHosted(env: Record<string, string>): Promise<Hosted> {
  const folder = process.env['PLADMED_TEST_SERVER'] ?? '';
  // another build, in watch mode
  if (host === undefined || host.isWornOut || host.folder !== folder) host = new Host(folder);
  return host.start((servers += 1), env);
}

class Host {
  private readonly child: ChildProcess;
  private readonly listeners = new Map<number, (said: Said) => void>();
  private started = 0;
  private gone: Error | undefined;

  constructor(readonly folder: string) {
    this.child = fork(join(folder, 'host.js'), {
      cwd: tmpdir(),
      env: { ...process.env, NODE_OPTIONS: '' },
      execArgv: [],
    });
    const killOnExit = (): void => void this.child.kill('SIGKILL');
    process.once('exit', killOnExit);
    this.child.on('message', (said: Said) => this.listeners.get(said.id)?.(said));
    this.child.once('exit', (code, signal) => {
      process.removeListener('exit', killOnExit);
      this.gone = new Error(`The host of the servers ended with ${String(code ?? signal)}`);
      for (const [id, tell] of this.listeners) tell({ id, failed: this.gone.message });
    });
    this.rest();
  }

  get isWornOut(): boolean {
    return this.gone !== undefined || this.started >= MOST;
  }

  async start(id: number, env: Record<string, string>): Promise<Hosted> {
    this.started += 1;
    const log: string[] = [];
    await this.ask(id, { id, env }, log);
    let ended: Promise<number> | undefined;
    return { log, stop: () => (ended ??= this.stop(id, log)) };
  }

  private async stop(id: number, log: string[]): Promise<number> {
    const code = await this.ask(id, { id }, log);
    this.listeners.delete(id);
    this.rest();
    return code;
  }

  /** @returns the exit code, or 0 when it is ready */
  private ask(id: number, message: object, log: string[]): Promise<number> {
    return new Promise((resolve, reject) => {
      this.listeners.set(id, (said) => {
        if ('line' in said) log.push(said.line.trimEnd());
        else if ('failed' in said) {
          this.listeners.delete(id);
          this.rest();
          reject(new Error(`${said.failed}\n${log.slice(-20).join('\n')}`));
        } else resolve('ended' in said ? said.ended : 0);
      });
      this.child.ref();
      this.child.channel?.ref();
      this.child.send(message, (error) => {
        if (error !== null) reject(this.gone ?? error);
      });
    });
  }

  /** Without servers it keeps no worker from ending; one that is worn out ends itself. */
  private rest(): void {
    if (this.listeners.size > 0) return;
    this.child.unref();
    this.child.channel?.unref();
    if (this.isWornOut) this.child.kill('SIGTERM');
  }
}
