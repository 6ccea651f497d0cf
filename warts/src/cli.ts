#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { UsageError, type Command } from './cli/command.js';
import type { Wanted } from './cli/copy.js';
import { dumpCommand } from './cli/dump.js';
import { csvCommand, summaryCommand } from './cli/figures.js';
import { jsonCommand } from './cli/json.js';
import { Output } from './cli/output.js';
import { StatsCommand } from './cli/stats.js';
import { StreamDecoder } from './decoder.js';
import { WartsError } from './errors.js';
import { readInput } from './input.js';
import { JSON_DIALECTS } from './json/dialect.js';

const USAGE = `usage: warts COMMAND [OPTION...] [FILE...]      (- or no file: standard input)

  json     what sc_warts2json prints; --dialect 20211212 (as without it) or 2026
  dump     what sc_analysis_dump prints
  summary  the figures of each record as a line of JSON
  csv      the same as a table
  stats    how many records of each type, their bytes and their time
  cat      all files as one file of warts
  filter   the same of some records: --type ping,trace  --dst 192.0.2.0/24

Files may be compressed with gzip, bzip2, xz or zstd (bzip2: npm install seek-bzip; xz: xz-decompress; zstd: fzstd).
Exit code: 0; 1 after damage, which is one line on standard error; 2 if the command makes no sense.
`;

/** Types that can be asked for. */
const TYPES = [
  'trace',
  'ping',
  'tracelb',
  'dealias',
  'neighbourdisc',
  'tbit',
  'sting',
  'sniff',
  'host',
  'http',
  'udpprobe',
  'owamp',
];

type Options = Partial<Record<'dialect' | 'type' | 'dst', string>>;

/** What copies loads the encoder by itself: a small file is printed in the time that loading takes. */
const COMMANDS: Readonly<
  Record<
    string,
    { options: readonly (keyof Options)[]; make: (options: Options) => Command | Promise<Command> }
  >
> = {
  json: {
    options: ['dialect'],
    make: ({ dialect }) => jsonCommand(dialectOf(dialect)),
  },
  dump: { options: [], make: () => dumpCommand },
  summary: { options: [], make: () => summaryCommand },
  csv: { options: [], make: () => csvCommand },
  stats: { options: [], make: () => new StatsCommand() },
  cat: { options: [], make: async () => new (await import('./cli/copy.js')).CopyCommand() },
  filter: {
    options: ['type', 'dst'],
    make: async (options) => new (await import('./cli/copy.js')).CopyCommand(await wantedOf(options)),
  },
};

function dialectOf(name = '20211212'): (typeof JSON_DIALECTS)[number] {
  const dialect = JSON_DIALECTS.find((each) => each === name);
  if (dialect === undefined) throw new UsageError(`--dialect ${name}: one of ${JSON_DIALECTS.join(', ')}`);
  return dialect;
}

async function wantedOf({ type, dst }: Options): Promise<Wanted> {
  const types = type?.split(',');
  const unknown = types?.find((each) => !TYPES.includes(each));
  if (unknown !== undefined) throw new UsageError(`--type ${unknown}: some of ${TYPES.join(',')}`);
  return {
    ...(types !== undefined && { types: new Set(types) }),
    ...(dst !== undefined && { dst: (await import('./cli/copy.js')).parseDestination(dst) }),
  };
}

async function convert(name: string, command: Command, output: Output): Promise<void> {
  const decoder = new StreamDecoder({}, command.types);
  for await (const chunk of readInput(name)) {
    for (const record of decoder.push(chunk)) {
      command.use(record, output, decoder);
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
    if (notWarts) command.cannotOpen?.(name, output);
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    return false;
  } finally {
    await output.flush();
  }
}

/** The command that the words name, and its files. */
async function parse(args: readonly string[]): Promise<{ command: Command; names: string[] }> {
  const [verb = '', ...rest] = args;
  const known = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
  if (known === undefined) throw new UsageError(verb === '' ? 'no command' : `no command ${verb}`);
  const options = Object.fromEntries(known.options.map((name) => [name, { type: 'string' as const }]));
  try {
    const { values, positionals } = parseArgs({ args: rest, options, allowPositionals: true });
    return { command: await known.make(values), names: positionals };
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args[0] === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const { command, names } = await parse(args);
  const output = new Output();
  command.begin?.(output);
  let ok = true;
  for (const name of names.length > 0 ? names : ['-']) {
    ok = (await convertFile(name, command, output)) && ok;
  }
  command.end?.(output);
  await output.flush();
  return ok ? 0 : 1;
}

// A reader that went away (`| head`) is no error of ours, and nothing is left to do.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`warts: ${error.message}\n${USAGE}`);
  process.exitCode = 2;
}
