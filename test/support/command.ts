import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

export interface Running {
  /** what came on stdout so far */
  readonly soFar: () => string;
  readonly ended: Promise<Ended>;
  signal(signal: NodeJS.Signals): void;
  /** whoever reads leaves */
  closeStdout(): void;
}

/** The command `pladmed` as a process of its own, with a folder for what it keeps. */
export class Pladmed {
  readonly configFolder = mkdtempSync(join(tmpdir(), 'pladmed-command-'));
  private readonly file = execFileSync(
    process.execPath,
    [new URL('./bundle-command.mjs', import.meta.url).pathname],
    { encoding: 'utf8' },
  ).trim();

  /** @param settings of its environment, for example PLADMED_SERVER and PLADMED_TOKEN */
  constructor(private readonly settings: Record<string, string> = {}) {}

  start(
    args: readonly string[],
    { input = '', settings = {} }: { input?: string; settings?: Record<string, string> } = {},
  ): Running {
    const child = spawn(process.execPath, [this.file, ...args], {
      env: { PATH: process.env['PATH'], XDG_CONFIG_HOME: this.configFolder, ...this.settings, ...settings },
      stdio: 'pipe',
    });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      out += more;
    });
    child.stdin.on('error', () => undefined).end(input);
    const ended = Promise.all([once(child, 'exit'), text(child.stderr), once(child, 'close')]).then(
      ([[code], err]) => ({ code: code as number | null, out, err }),
    );
    return {
      soFar: () => out,
      ended,
      signal: (signal) => child.kill(signal),
      closeStdout: () => child.stdout.destroy(),
    };
  }

  run(
    args: readonly string[],
    more: { input?: string; settings?: Record<string, string> } = {},
  ): Promise<Ended> {
    return this.start(args, more).ended;
  }

  remove(): Promise<void> {
    return rm(this.configFolder, { recursive: true, force: true });
  }
}
