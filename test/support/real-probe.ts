import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CLI = new URL('../../probe/dist/cli.js', import.meta.url).pathname;

/** The built probe, by its command line, as a process of its own. */
export class RealProbe {
  private constructor(
    private readonly exited: Promise<unknown>,
    private readonly kill: (signal: NodeJS.Signals) => void,
    private readonly folder: string,
  ) {}

  /** @param settings variables of the environment; the loopback is allowed */
  static async start(
    server: string,
    token: string,
    settings: Record<string, string> = {},
  ): Promise<RealProbe> {
    const folder = await mkdtemp(join(tmpdir(), 'pladmed-probe-'));
    const child = spawn(process.execPath, [CLI, 'run'], {
      env: {
        PATH: process.env['PATH'],
        PLADMED_SERVER: server,
        PLADMED_TOKEN: token,
        PLADMED_DATA_DIR: folder,
        PLADMED_ALLOW: '127.0.0.0/8',
        ...settings,
      },
      stdio: 'ignore',
    });
    return new RealProbe(once(child, 'exit'), (signal) => child.kill(signal), folder);
  }

  async stop(): Promise<void> {
    this.kill('SIGTERM');
    await this.exited;
    await rm(this.folder, { recursive: true, force: true });
  }
}
