import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { until } from '../../support/until.js';

/** A process of the test network, and what it prints. */
export class Program {
  /** Both outputs, line by line. */
  readonly lines: string[] = [];
  private readonly exited: Promise<unknown>;

  private constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
  ) {
    this.exited = once(child, 'close');
    for (const stream of [child.stdout, child.stderr])
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.lines.push(line));
  }

  /** @param env added to the little that every program gets; NODE_OPTIONS of the test runner are not among it */
  static start(command: readonly [string, ...string[]], env: Record<string, string> = {}): Program {
    const [program, ...words] = command;
    const { PATH = '', HOME = '/root' } = process.env;
    const child = spawn(program, words, {
      env: { PATH, HOME, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.on('error', (error) => {
      throw error;
    });
    return new Program(command.join(' '), child);
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Waits for a condition. @throws Error with what the program printed, at once when it ended */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    try {
      await until(what, async () => {
        if (await condition()) return true;
        if (!this.running) throw new Error(`it ended with ${String(this.child.exitCode)}`);
        return false;
      });
    } catch (error) {
      throw new Error(`${this.name}: ${String(error)}\n${this.lines.slice(-20).join('\n')}`, {
        cause: error,
      });
    }
  }

  /** @returns the exit code; null when a signal ended it */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.running) this.child.kill(signal);
    await this.exited;
    return this.child.exitCode;
  }
}
