import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** @returns why warts cannot be made and printed on this machine; undefined when they can */
export function whyNoScamper(): string | undefined {
  if (process.getuid?.() !== 0) return 'scamper needs root';
  for (const tool of ['scamper', 'sc_warts2json', 'sc_analysis_dump']) {
    if (spawnSync('which', [tool]).status !== 0) return `${tool} is not installed`;
  }
  return undefined;
}

/** Measures 127.0.0.1. @param command for example `ping -c 2` @returns warts */
export async function measure(command: string): Promise<Buffer> {
  return inFolder(async (folder) => {
    const file = join(folder, 'out.warts');
    await run('scamper', ['-O', 'warts', '-o', file, '-c', command, '-i', '127.0.0.1']);
    return readFile(file);
  });
}

/** @returns what one of scamper's own tools prints of it, line by line */
export async function print(tool: 'sc_warts2json' | 'sc_analysis_dump', warts: Buffer): Promise<string[]> {
  return inFolder(async (folder) => {
    const file = join(folder, 'in.warts');
    await writeFile(file, warts);
    const { stdout } = await run(tool, [file]);
    return stdout.split('\n').filter((line) => line !== '');
  });
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'pladmed-scamper-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
