import { transformFile } from '@swc/core';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { testMongoOptions } from '../support/mongod.js';

const ROOT = process.cwd();
const SOURCE = join(ROOT, 'src/platform/embedded-mongod');
/** Inside node_modules, so that the compiled files find the packages they import. */
const CACHE = join(ROOT, 'node_modules/.cache');

/** What a child does: take the lock, or start the database; then it says so in one line and waits to be ended. */
const SCRIPT = `
  import { lockDataDir } from './data-dir-lock.js';
  import { startEmbeddedMongo } from './embedded-mongo.js';
  const { act, options } = JSON.parse(process.argv[2]);
  const say = (line) => process.stdout.write(JSON.stringify(line) + '\\n');
  const quiet = { info() {}, warn() {}, error() {} };
  try {
    const held = act === 'lock' ? await lockDataDir(options.dataDir) : await startEmbeddedMongo({ ...options, log: quiet });
    say({ won: true, uri: held.uri, mongod: held.pid });
    process.on('SIGTERM', async () => { await (held.stop?.() ?? held.release()); process.exit(0); });
    setInterval(() => {}, 1000);
  } catch (error) {
    say({ won: false, message: error.message });
  }
`;

export interface ChildAnswer {
  won: boolean;
  message?: string;
  uri?: string;
  /** The pid of its mongod. */
  mongod?: number;
}

export interface Server {
  pid: number;
  answer: ChildAnswer;
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Servers in processes of their own, running the compiled embedded database of this checkout. */
export class ServerProcesses {
  private readonly children: ChildProcess[] = [];

  private constructor(private readonly folder: string) {}

  static async compile(): Promise<ServerProcesses> {
    await mkdir(CACHE, { recursive: true });
    const folder = await mkdtemp(join(CACHE, 'embedded-'));
    const sources = (await readdir(SOURCE)).filter(
      (name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'),
    );
    for (const name of sources) {
      const { code } = await transformFile(join(SOURCE, name), {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
      });
      await writeFile(join(folder, name.replace(/\.ts$/, '.js')), code);
    }
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    await writeFile(join(folder, 'child.js'), SCRIPT);
    return new ServerProcesses(folder);
  }

  /** Resolves when the child has said whether it won. */
  async run(act: 'lock' | 'start', dataDir: string): Promise<Server> {
    const { log: _log, ...rest } = testMongoOptions();
    const task = JSON.stringify({ act, options: { ...rest, dataDir } });
    const child = spawn(process.execPath, [join(this.folder, 'child.js'), task], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.children.push(child);
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    return {
      pid: child.pid!,
      answer: JSON.parse(line) as ChildAnswer,
      end: (signal) => end(child, signal),
    };
  }

  async dispose(): Promise<void> {
    await Promise.all(this.children.map((child) => end(child, 'SIGKILL')));
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}
