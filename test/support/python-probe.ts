import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { until } from './until.js';

const run = promisify(execFile);
const ROOT = new URL('../../', import.meta.url).pathname;
const SOURCE = join(ROOT, 'test/support/classic-probe');
const VENV = join(ROOT, '.tools/classic-probe');
const INSTALL_MS = 120_000;

/**
 * The Python that has what the probe needs; made at the first use, then kept.
 * @returns or why there is none on this machine
 */
export async function pythonWithSocketIo(): Promise<{ python: string } | { missing: string }> {
  const python = join(VENV, 'bin/python');
  if (existsSync(join(VENV, 'ready'))) return { python };
  try {
    await rm(VENV, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', VENV]);
    const requirements = join(SOURCE, 'requirements.txt');
    await run(python, ['-m', 'pip', 'install', '--quiet', '-r', requirements], { timeout: INSTALL_MS });
    await writeFile(join(VENV, 'ready'), '');
    return { python };
  } catch (error) {
    await rm(VENV, { recursive: true, force: true });
    const [sentence] = String(error).split('\n');
    return { missing: sentence ?? 'it cannot be installed' };
  }
}

interface Said {
  event: string;
  [member: string]: unknown;
}

/** A probe as those in the field: Python, real measurements, files kept until they are acknowledged. */
export class PythonProbe {
  readonly said: Said[] = [];
  readonly errors: string[] = [];

  private constructor(
    private readonly child: ChildProcess,
    readonly folder: string,
  ) {
    if (child.stdout === null || child.stderr === null) throw new Error('no output');
    createInterface({ input: child.stdout }).on('line', (line) => this.said.push(JSON.parse(line) as Said));
    createInterface({ input: child.stderr }).on('line', (line) => this.errors.push(line));
  }

  /** @param server https: is taken whoever vouches for it */
  static start(python: string, server: string, token: string, folder: string): PythonProbe {
    const more = server.startsWith('https:') ? ['--insecure'] : [];
    const words = [
      join(SOURCE, 'probe.py'),
      '--server',
      server,
      '--token',
      token,
      '--folder',
      folder,
      ...more,
    ];
    return new PythonProbe(spawn(python, words, { stdio: ['ignore', 'pipe', 'pipe'] }), folder);
  }

  of(event: string, operationId?: string): Said[] {
    return this.said.filter(
      (said) => said.event === event && (operationId === undefined || said['operation_id'] === operationId),
    );
  }

  /** @throws Error with what the probe printed */
  async until(what: string, condition: () => boolean): Promise<void> {
    try {
      await until(what, condition);
    } catch (error) {
      throw new Error(`${String(error)}\n${JSON.stringify(this.said)}\n${this.errors.join('\n')}`, {
        cause: error,
      });
    }
  }

  /** Names of results that were not acknowledged. */
  async kept(): Promise<string[]> {
    return (await readdir(this.folder)).filter((name) => !name.startsWith('.'));
  }

  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill(signal);
    await once(this.child, 'exit');
  }

  /** @returns the exit code */
  async ended(): Promise<number | null> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    const [code] = (await once(this.child, 'exit')) as [number | null];
    return code;
  }
}
