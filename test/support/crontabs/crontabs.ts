import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = new URL('../../../', import.meta.url).pathname;
const SOURCE = join(ROOT, 'test/support/crontabs');
const TOOLS = join(ROOT, '.tools/crontabs');
const BUILD_MS = 240_000;

/** Minutes to ask about: `count` of them, `step` apart, from `from` (since 1970) on. */
export interface Minutes {
  from: number;
  step: number;
  count: number;
}

export interface Question extends Minutes {
  expression: string;
}

/** The programs that fielded probes read a cron expression with. */
export interface Crontabs {
  /** @returns for each question a 0 or 1 for each minute, or `refused` */
  debianCron(questions: readonly Question[]): Promise<string[]>;
  busyboxCrond(questions: readonly Question[]): Promise<string[]>;
  /** What python-crontab 2.5.1 makes of each expression, after a second reading; an exception as its name. */
  pythonCrontab(expressions: readonly string[]): Promise<string[]>;
}

/**
 * Builds and installs them at the first use, and keeps them.
 * @returns or why that cannot be done on this machine
 */
export async function crontabs(): Promise<Crontabs | { missing: string }> {
  try {
    if (!existsSync(join(TOOLS, 'ready'))) await install();
  } catch (error) {
    await rm(TOOLS, { recursive: true, force: true });
    return { missing: reasonOf(error) };
  }
  const ask = (program: string) => async (questions: readonly Question[]) => {
    const lines = questions.map(
      ({ from, step, count, expression }) => `${from} ${step} ${count} ${expression}`,
    );
    return answers(join(TOOLS, program), [], lines);
  };
  return {
    debianCron: ask('debian-cron'),
    busyboxCrond: ask('busybox-crond'),
    pythonCrontab: (expressions) =>
      answers(join(TOOLS, 'python/bin/python'), [join(SOURCE, 'python-crontab.py')], expressions),
  };
}

async function install(): Promise<void> {
  await rm(TOOLS, { recursive: true, force: true });
  await run('bash', [join(SOURCE, 'build.sh'), TOOLS], { timeout: BUILD_MS });
  await run('python3', ['-m', 'venv', join(TOOLS, 'python')]);
  const packages = ['python-crontab==2.5.1', 'python-dateutil'];
  await run(join(TOOLS, 'python/bin/python'), ['-m', 'pip', 'install', '--quiet', ...packages], {
    timeout: BUILD_MS,
  });
  await writeFile(join(TOOLS, 'ready'), '');
}

async function answers(program: string, words: string[], lines: readonly string[]): Promise<string[]> {
  const child = spawn(program, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  child.stdin.end(lines.map((line) => `${line}\n`).join(''));
  const code = await ended;
  const found = Buffer.concat(said).toString('utf8').split('\n').slice(0, -1);
  if (code !== 0 || found.length !== lines.length)
    throw new Error(`${program} ended with ${String(code)} after ${found.length} of ${lines.length} answers`);
  return found;
}

function reasonOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr?.trim().split('\n').at(-1) ?? '') || message;
}
