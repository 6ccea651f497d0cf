import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './server.js';

/** Debian's redis-tools has the server under another name, and no service that would start by itself. */
const BINARIES = ['redis-server', 'redis-check-rdb'];
const binary = BINARIES.find((name) => spawnSync('which', [name]).status === 0);

/** @returns why no Redis can be started on this machine; undefined when one can */
export function whyNoRedis(): string | undefined {
  return binary === undefined ? 'redis-server is not installed (on Debian: redis-tools)' : undefined;
}

/** A Redis of a test's own, which keeps nothing. */
export class RedisServer {
  private child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly settings: readonly string[],
  ) {}

  /** @param settings as redis-server takes them, for example `--requirepass x` in two words */
  static async start(...settings: string[]): Promise<RedisServer> {
    const server = await RedisServer.notStarted(...settings);
    await server.run();
    return server;
  }

  /** It has an address, and nobody is there. */
  static async notStarted(...settings: string[]): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'pladmed-redis-'));
    return new RedisServer(await freePort(), folder, settings);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async run(): Promise<void> {
    const place = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder];
    const child = spawn(binary ?? '', [...place, '--save', '', '--appendonly', 'no', ...this.settings], {
      // what it is called decides what it is
      argv0: 'redis-server',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child = child;
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stdout }).on('line', (line) => {
        if (line.includes('Ready to accept connections')) resolve();
      });
      child.once('exit', (code) => {
        reject(new Error(`redis-server ended with ${String(code)}`));
      });
    });
  }

  /** SIGKILL; `run` starts it again at the same address. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined) return;
    this.child = undefined;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** It accepts connections, and does nothing more. */
  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}
