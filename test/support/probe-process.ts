import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CLI = new URL('../../probe/dist/cli.js', import.meta.url).pathname;

export interface ProbeProcess {
  log: string[];
  /** SIGTERM, and its folder is removed. */
  stop(): Promise<void>;
}

/**
 * The built probe as a process of its own; it may measure the loopback network.
 * @param settings more of its environment
 */
export async function startProbe(
  server: string,
  token: string,
  settings: Record<string, string> = {},
): Promise<ProbeProcess> {
  const dataDir = await mkdtemp(join(tmpdir(), 'pladmed-probe-'));
  const child: ChildProcess = spawn(process.execPath, [CLI], {
    env: {
      PATH: process.env['PATH'],
      PLADMED_SERVER: server,
      PLADMED_TOKEN: token,
      PLADMED_DATA_DIR: dataDir,
      PLADMED_ALLOW: '127.0.0.0/8',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => log.push(chunk.toString()));
  return {
    log,
    stop: async () => {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGTERM');
      await ended;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
