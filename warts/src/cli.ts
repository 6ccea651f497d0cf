#!/usr/bin/env node
import { once } from 'node:events';
import { DUMP_TYPES, StreamDecoder } from './decoder.js';
import { DUMP_HEADER, recordToDumpRow } from './dump.js';
import { WartsError } from './errors.js';
import { readInput } from './input.js';
import { JSON_DIALECTS } from './json/dialect.js';
import { recordToJson } from './json/index.js';
import type { WartsRecord } from './record.js';

interface Command {
  header: string;
  types: ReadonlySet<number> | undefined;
  write: (record: WartsRecord) => string | undefined;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  json: { header: '', types: undefined, write: (record) => recordToJson(record) },
  dump: { header: DUMP_HEADER + '\n', types: DUMP_TYPES, write: recordToDumpRow },
};

const USAGE =
  'usage: pladmed-warts json [--dialect 20211212|2026] [FILE...]\n       pladmed-warts dump [FILE...]   (- or nothing: standard input)';
/** Output is handed on in pieces of this many characters. */
const PIECE = 128 * 1024;

/** Lines on their way to standard output; waits for the reader at the other end rather than pile up. */
class Output {
  private text = '';

  add(line: string): void {
    this.text += line + '\n';
  }

  get isFull(): boolean {
    return this.text.length >= PIECE;
  }

  async flush(): Promise<void> {
    if (this.text === '') return;
    const piece = this.text;
    this.text = '';
    if (!process.stdout.write(piece)) await once(process.stdout, 'drain');
  }
}

async function convert(name: string, command: Command, output: Output): Promise<void> {
  const decoder = new StreamDecoder({}, command.types);
  for await (const chunk of readInput(name)) {
    for (const record of decoder.push(chunk)) {
      const line = command.write(record);
      if (line !== undefined) output.add(line);
      if (output.isFull) await output.flush();
    }
  }
  decoder.finish();
}

/** One file; false if it is damaged or cannot be read. */
async function convertFile(name: string, command: Command, output: Output): Promise<boolean> {
  try {
    await convert(name, command, output);
    return true;
  } catch (error) {
    const notWarts = !(error instanceof WartsError) || error.code === 'not-warts';
    if (notWarts && command.header !== '') output.add(`# unable to open ${name}`);
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    return false;
  } finally {
    await output.flush();
  }
}

/** The command that the words name, and its files; undefined if they make no sense. */
function parse([verb = '', ...rest]: readonly string[]): { command: Command; names: string[] } | undefined {
  const command = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
  if (command === undefined || rest[0] !== '--dialect') return command && { command, names: rest };
  const dialect = JSON_DIALECTS.find((each) => each === rest[1]);
  if (verb !== 'json' || dialect === undefined) return undefined;
  const write = (record: WartsRecord): string | undefined => recordToJson(record, dialect);
  return { command: { ...command, write }, names: rest.slice(2) };
}

async function main(args: readonly string[]): Promise<number> {
  const parsed = parse(args);
  if (parsed === undefined) {
    process.stderr.write(USAGE + '\n');
    return 2;
  }
  const { command, names } = parsed;
  const output = new Output();
  if (command.header !== '') output.add(command.header.trimEnd());
  let ok = true;
  for (const name of names.length > 0 ? names : ['-']) {
    ok = (await convertFile(name, command, output)) && ok;
  }
  return ok ? 0 : 1;
}

// A reader that went away (`| head`) is no error of ours, and nothing is left to do.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});
process.exitCode = await main(process.argv.slice(2));
