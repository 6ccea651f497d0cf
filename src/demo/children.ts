import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../', import.meta.url);
const STOP_MS = 12_000;

interface LogLine {
  level?: number;
  msg?: string;
}

/** The processes that the demo runs, and ends. */
export class Children {
  private readonly running: ChildProcess[] = [];
  private ending = false;

  constructor(
    private readonly say: (line: string) => void,
    private readonly onUnexpectedEnd: (name: string, code: number | null) => void,
  ) {}

  /** @param script relative to the project. @returns its log, line by line; warnings and errors are shown as well */
  start(
    name: string,
    script: string,
    args: string[],
    env: NodeJS.ProcessEnv,
  ): (listener: (line: LogLine) => void) => void {
    const path = fileURLToPath(new URL(script, ROOT));
    const child = spawn(process.execPath, [path, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.running.push(child);
    const listeners: ((line: LogLine) => void)[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (text) => {
        const line = parse(text);
        const noteworthy = (line.level ?? 50) >= 40 || line.msg?.startsWith('Fetching') === true;
        if (noteworthy && !this.ending) this.say(`  ${name}: ${line.msg ?? text}`);
        for (const listener of listeners) listener(line);
      });
    }
    child.once('exit', (code) => {
      if (!this.ending) this.onUnexpectedEnd(name, code);
    });
    return (listener) => {
      listeners.push(listener);
    };
  }

  /** The last one started is ended first: the probe before its server. */
  async stopAll(): Promise<void> {
    this.ending = true;
    for (const child of this.running.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(impatience);
    }
  }
}

/** Runs a command of the project to its end. @throws Error with what it printed */
export async function runCommand(
  script: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  input: string,
): Promise<void> {
  const path = fileURLToPath(new URL(script, ROOT));
  const child = spawn(process.execPath, [path, ...args], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stdin.end(input);
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(printed.trim());
}

function parse(text: string): LogLine {
  try {
    return JSON.parse(text) as LogLine;
  } catch {
    return {};
  }
}
