import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A process, told apart from a later one that was given the same number. */
export interface ProcessIdentity {
  pid: number;
  /** When it started: on Linux the boot id and clock ticks since boot, elsewhere undefined (then only the pid is compared). */
  started?: string | undefined;
}

/** Who this process is. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  return { pid: process.pid, started: await startOf(process.pid) };
}

/** True while exactly this process lives; a zombie counts as dead, a stopped (frozen) one as alive. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  if (!answersSignals(identity.pid)) {
    return false;
  }
  const started = await startOf(identity.pid);
  if (started === 'dead') {
    return false;
  }
  return identity.started === undefined || started === undefined || started === identity.started;
}

/**
 * True until the last thread of a process is gone, and with it its open files, locks and ports. A process that is
 * being torn down has lost its arguments and looks dead (its first thread is a zombie) some milliseconds earlier.
 */
export async function stillHoldsFiles(pid: number): Promise<boolean> {
  if (process.platform !== 'linux') {
    return answersSignals(pid);
  }
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  return threads.length > 1 || (threads.length === 1 && (await isAlive({ pid })));
}

/**
 * The arguments a process was started with, [] when there is no such process.
 * Without /proc the line of `ps` is split at spaces, so compare single words only.
 */
export async function commandOf(pid: number): Promise<string[]> {
  if (process.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return text.split('\0').filter((word) => word !== '');
  }
  const { stdout } = await run('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return stdout
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '');
}

/** The fields of /proc/PID/stat that follow the command's name, which may itself contain spaces and brackets. */
export function parseStat(stat: string): { state: string; startTicks: string } | undefined {
  const fields = stat
    .slice(stat.lastIndexOf(')') + 1)
    .trim()
    .split(' ');
  const state = fields[0];
  // Field 22 of proc(5); `state` is field 3.
  const startTicks = fields[19];
  return state === undefined || startTicks === undefined ? undefined : { state, startTicks };
}

async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') {
    return undefined;
  }
  const stat = parseStat(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''));
  if (stat === undefined || stat.state === 'Z' || stat.state === 'X') {
    return 'dead';
  }
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return `${boot.trim()}:${stat.startTicks}`;
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
