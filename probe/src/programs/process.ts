import { errorCode } from '../platform/errors.js';
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { RunFailure } from '../protocol/failure.js';

export interface Command {
  program: string;
  args: readonly string[];
  cwd: string;
  signal: AbortSignal;
  /** What it prints is wanted. */
  keepsOutput?: boolean;
}

export interface ProcessResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Empty unless it was wanted. */
  stdout: string;
  stderr: string;
}

const OUTPUT_LIMIT = 4096;

/**
 * Runs a program by its argument list, without a shell, in a process group of its own, with an empty environment. When the signal is
 * raised the whole group is killed.
 * @throws RunFailure `tool_missing` when there is no such program
 */
export function runProcess(command: Command): Promise<ProcessResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command.program, command.args, {
      cwd: command.cwd,
      detached: true,
      shell: false,
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
      stdio: ['ignore', command.keepsOutput === true ? 'pipe' : 'ignore', 'pipe'],
    });
    const stdout = collected(child.stdout);
    const stderr = collected(child.stderr);
    const kill = (): void => {
      killGroup(child);
    };
    command.signal.addEventListener('abort', kill, { once: true });
    if (command.signal.aborted) kill();
    child.on('error', (error) => {
      command.signal.removeEventListener('abort', kill);
      reject(spawnFailure(command.program, error));
    });
    child.on('close', (code, signal) => {
      command.signal.removeEventListener('abort', kill);
      // What the program left running goes with it.
      kill();
      resolve({ code, signal, stdout: stdout(), stderr: stderr() });
    });
  });
}

/** @returns what a stream has brought so far, its beginning */
function collected(stream: Readable | null): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (more: string) => {
    if (text.length < OUTPUT_LIMIT) text += more.slice(0, OUTPUT_LIMIT - text.length);
  });
  return () => text;
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
}

function spawnFailure(program: string, error: Error): RunFailure {
  const code = errorCode(error);
  if (code === 'ENOENT') return new RunFailure('tool_missing', `${program} is not installed on the probe`);
  // EPERM: the file has a capability that this container was not given.
  if (code === 'EACCES' || code === 'EPERM')
    return new RunFailure('tool_missing', `${program} may not be run by the probe (${code})`);
  return new RunFailure('tool_failed', `${program} could not be started: ${error.message}`);
}
