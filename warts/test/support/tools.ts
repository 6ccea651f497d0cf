/** scamper's own tools, which say what is right. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as w from './writer.js';

/** Whether scamper 20211212's tools are installed; without them there is nothing to compare with. */
export function toolsAreInstalled(): boolean {
  return ['sc_warts2json', 'sc_analysis_dump'].every((tool) => {
    try {
      execFileSync('which', [tool], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

/** What a tool prints for files, also when it ends with a signal or an error. */
export function runTool(tool: string, args: readonly string[]): { text: string; died: boolean } {
  try {
    return { text: run(tool, args), died: false };
  } catch (error) {
    const { stdout, signal } = error as { stdout?: string; signal?: string | null };
    return { text: stdout ?? '', died: typeof signal === 'string' };
  }
}

function run(tool: string, args: readonly string[]): string {
  return execFileSync(tool, args, {
    encoding: 'latin1',
    maxBuffer: 1 << 30,
    timeout: 20_000,
    env: { ...process.env, TZ: Intl.DateTimeFormat().resolvedOptions().timeZone },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

export interface ToolOutput {
  json: string[];
  rows: string[];
  /** A tool crashed or did not end, so that what it printed says nothing. */
  died: boolean;
}

const lines = (text: string): string[] => text.split('\n').slice(0, -1);

/** What the tools print for a file of these bytes. */
export function toolOutput(bytes: Uint8Array): ToolOutput {
  return toolOutputs([bytes])[0]!;
}

const MARK = 'file-mark-';

/** The same for many files at once: a process for each would take most of the time. */
export function toolOutputs(files: readonly Uint8Array[]): ToolOutput[] {
  const folder = mkdtempSync(join(tmpdir(), 'warts-'));
  try {
    const names = files.flatMap((bytes, i) => {
      const [mark, name] = [join(folder, `${i}.mark`), join(folder, `${i}.warts`)];
      writeFileSync(mark, markFile(i));
      writeFileSync(name, bytes);
      return [mark, name];
    });
    const last = join(folder, 'last.mark');
    writeFileSync(last, markFile(files.length));
    names.push(last);
    const json = runTool('sc_warts2json', names);
    const dump = runTool('sc_analysis_dump', ['-C', ...names]);
    // A tool died on one of the files: ask for each alone.
    if (json.died || dump.died) return files.map((_, i) => alone(join(folder, `${i}.warts`)));
    const objects = sections(lines(json.text), (line) => line.includes(MARK));
    const rows = sections(lines(dump.text), (line) => line.includes('\t203.0.113.203\t'));
    return files.map((_, i) => ({ json: objects[i]!, rows: rows[i]!, died: false }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function alone(name: string): ToolOutput {
  const json = runTool('sc_warts2json', [name]);
  const dump = runTool('sc_analysis_dump', ['-C', name]);
  return { json: lines(json.text), rows: lines(dump.text), died: json.died || dump.died };
}

/** A file with one line in both outputs that no other file gives. */
function markFile(number: number): Uint8Array {
  return Uint8Array.from([
    ...w.list(1, number, MARK),
    ...w.cycleStart(1, 1, number),
    ...w.withParameters(6, [[27, w.ipv4('203.0.113.203')]], w.u16(0)),
  ]);
}

/** What stands between marks; each mark of the JSON is two lines, of which the second is a trace to the mark's address. */
function sections(all: readonly string[], isMark: (line: string) => boolean): string[][] {
  const out: string[][] = [];
  for (const line of all) {
    if (isMark(line)) out.push([]);
    else if (!line.includes('"203.0.113.203"')) out.at(-1)?.push(line);
  }
  return out.slice(0, -1);
}
