import { Command, InvalidArgumentError, Option } from 'commander';
import { follow } from './commands/follow.js';
import { logIn, type LoginOptions, logOut } from './commands/login.js';
import { measure } from './commands/measure.js';
import { listOperations, showCoverage, showOperation, stopOperation } from './commands/operations.js';
import { listProbes, showProbe } from './commands/probes.js';
import { showResult, showResults } from './commands/results.js';
import { showSeries } from './commands/series.js';
import { type Environment } from './config/settings.js';
import { type CommonOptions, Context } from './commands/context.js';
import { EXIT, type ExitCode } from './terminal/exit.js';
import { DOCUMENT, VERSION } from './generated/document.js';
import { filtersOf, formatsOfResults, paramsOf } from './flags/queries.js';
import { parseRule, RULE_HELP } from './flags/rule.js';
import { parseSeconds, parseTime } from './flags/times.js';
import { type Terminal } from './terminal/terminal.js';

interface Options extends CommonOptions {
  [flag: string]: unknown;
}

/** What a command is run with. */
interface Run {
  context: Context;
  args: string[];
  options: Options;
}

const EXIT_CODES = `
Exit codes: 0 done; 1 runs failed or did not come; 2 usage; 3 not logged in, or not allowed; 4 not found;
5 the server, or the way to it; 6 not possible now (probes, credits, limits); 130 interrupted.
Environment: PLADMED_SERVER and PLADMED_TOKEN for scripts; NO_COLOR. Documents: docs/cli.md`;

/** All commands. @param ended is told what the process is to end with, where that is not 0 */
export function programOf(
  environment: Environment,
  terminal: Terminal,
  ended: (code: ExitCode) => void,
): Command {
  const program = new Command('pladmed')
    .description('Measure from the probes of a Pladmed server, follow what comes, take the data away')
    .version(VERSION)
    .addHelpText('after', EXIT_CODES)
    .exitOverride();

  /** Adds what all commands have, and what this one does. */
  const does = (command: Command, act: (run: Run) => Promise<unknown>): Command =>
    command
      .addOption(
        new Option('--server <url>', 'the server, if not the one of the last login (PLADMED_SERVER)'),
      )
      .addOption(new Option('--json', 'JSON, one value a line'))
      .action(async (...all: unknown[]) => {
        const options = command.opts<Options>();
        const context = await Context.of(options, environment, terminal);
        await act({
          context,
          options,
          args: all
            .slice(0, -2)
            .flat()
            .filter((each) => each !== undefined)
            .map(String),
        });
      });

  program
    .command('login')
    .description('get a token for a server and keep it (0600)')
    .argument('[server]', 'like https://pladmed.example.org')
    .option('--email <address>', 'asked for if absent')
    .option('--password-stdin', 'read the password from stdin instead of asking')
    .option('--json', 'JSON')
    .action((server: string | undefined, options: LoginOptions) =>
      logIn(server, options, environment, terminal),
    );
  program
    .command('logout')
    .description('remove the token from this machine')
    .argument('[server]')
    .action((server: string | undefined) => logOut(server, environment, terminal));

  addProbes(program, does);
  addMeasure(program, does, ended);
  addOperations(program, does);
  addData(program, does);
  return program;
}

type Does = (command: Command, act: (run: Run) => Promise<unknown>) => Command;

function addProbes(program: Command, does: Does): void {
  const probes = program.command('probes').description('vantage points');
  const filters = filtersOf('/api/v1/probes');
  const list = probes.command('list', { isDefault: true }).description('those that meet all that is asked');
  does(filters.addTo(list).addOption(limitOption(100)), ({ context, options }) =>
    listProbes(context, filters.valuesOf(options), Number(options['limit'])),
  );
  does(probes.command('show').description('one probe').argument('<id>'), ({ context, args: [id = ''] }) =>
    showProbe(context, id),
  );
}

function addMeasure(program: Command, does: Does, ended: (code: ExitCode) => void): void {
  const measureCommand = program.command('measure').description('measure, and see the results as they come');
  for (const kind of DOCUMENT.kinds) {
    const params = paramsOf(kind);
    const command = measureCommand
      .command(kind)
      .description(DOCUMENT.measures[kind] ?? kind)
      .argument('[target...]', kind === 'http' ? 'URLs' : kind === 'dns' ? 'names' : 'addresses or names')
      .addOption(new Option('--from <rule>', RULE_HELP).argParser(listed).default([], '1'))
      .option('--every <duration>', 'repeat: 30s, 5m, 1h; together with --until', duration)
      .option('--cron <expression>', 'repeat at the times of crontab(5), in UTC; together with --until')
      .option('--start <time>', 'first moment: RFC 3339, or 1h (from now)', moment)
      .option('--until <time>', 'end of the repetition: RFC 3339, or 1h (from now)', moment)
      .option('--spread <duration>', 'time over which the probes are spread', duration)
      .option('--public', 'everybody may read it (this is the default)')
      .option('--private', 'only you may read it and its results')
      .addOption(new NoWait('--no-wait', 'make it, and do not wait for results'));
    does(params.addTo(command), async ({ context, args, options }) => {
      ended(
        await measure(context, {
          kind,
          targets: args,
          params: params.valuesOf(options),
          schedule: scheduleOf(options, command),
          rule: usage(command, () => parseRule(options['from'] as string[], DOCUMENT)),
          visibility: options['private'] === true ? 'private' : 'public',
          wait: options['detached'] !== false,
        }),
      );
    });
  }
}

function addOperations(program: Command, does: Does): void {
  const operations = program.command('operations').description('scheduled measurements');
  const filters = filtersOf('/api/v1/operations');
  const list = operations.command('list', { isDefault: true }).description('the newest first');
  does(filters.addTo(list).addOption(limitOption(20)), ({ context, options }) =>
    listOperations(context, filters.valuesOf(options), Number(options['limit'])),
  );
  does(
    operations.command('show').description('one operation').argument('<id>'),
    ({ context, args: [id = ''] }) => showOperation(context, id),
  );
  does(
    operations.command('stop').description('stop it; runs that were not due are paid back').argument('<id>'),
    ({ context, args: [id = ''] }) => stopOperation(context, id),
  );
  const coverage = filtersOf('/api/v1/operations/{id}/coverage');
  const show = program
    .command('coverage')
    .description('which runs came, and why the others did not')
    .argument('<operation>');
  does(coverage.addTo(show), ({ context, options, args: [id = ''] }) =>
    showCoverage(context, id, coverage.valuesOf(options)),
  );
}

function addData(program: Command, does: Does): void {
  const filters = filtersOf('/api/v1/results');
  const format = new Option(
    '--format <format>',
    `as the server writes it: ${formatsOfResults().join(', ')}`,
  ).choices(formatsOfResults());
  const read = (command: Command, usual?: string): Command =>
    does(
      filters
        .addTo(command.argument('[operation]', 'all that you may see, if absent'))
        .addOption(format)
        .option('-o, --output <file>', 'a file, which is there only when it is whole'),
      ({ context, options, args: [operation] }) =>
        showResults(context, {
          operation,
          query: filters.valuesOf(options),
          format: (options['format'] as string | undefined) ?? usual,
          limit: options['limit'] as number | undefined,
          output: options['output'] as string | undefined,
        }),
    );
  read(program.command('results').description('results, for people or in a format')).addOption(limitOption());
  read(
    program.command('export').description('all results in a format (ndjson), to stdout or a file'),
    'ndjson',
  );
  does(program.command('result').description('one result').argument('<id>'), ({ context, args: [id = ''] }) =>
    showResult(context, id),
  );
  const figures = filtersOf('/api/v1/operations/{id}/series');
  const series = program
    .command('series')
    .description('figures by time: runs, loss, times; of an mtr those of each hop')
    .argument('<operation>');
  does(
    figures
      .addTo(series)
      .addOption(new Option('--format <format>', 'as the server writes it').choices(['json', 'csv']))
      .option(
        '-o, --output <file>',
        'a file (csv if no format is named), which is there only when it is whole',
      ),
    ({ context, options, args: [id = ''] }) =>
      showSeries(context, {
        operation: id,
        query: figures.valuesOf(options),
        format: options['format'] as 'json' | 'csv' | undefined,
        output: options['output'] as string | undefined,
      }),
  );
  const live = program
    .command('follow')
    .description('results as they come; it goes on by itself after a cut')
    .argument('<operation>')
    .option('--since <position>', 'go on after a position (0-: from the first result)')
    .addOption(new Option('--count <n>', 'end after so many results').argParser(whole));
  does(live, ({ context, options, args: [id = ''] }) =>
    follow(context, id, {
      since: options['since'] as string | undefined,
      count: options['count'] as number | undefined,
    }),
  );
}

/** A kind may have a parameter `wait`: this flag is not its opposite. */
class NoWait extends Option {
  override attributeName(): string {
    return 'detached';
  }
}

function scheduleOf(options: Options, command: Command): Record<string, unknown> {
  const { every, cron, start, until, spread } = options;
  const common = { ...(start !== undefined && { start }), ...(spread !== undefined && { spread_s: spread }) };
  if (every !== undefined && cron !== undefined)
    command.error('error: --every and --cron are two ways: give one of them', { exitCode: EXIT.usage });
  if (every === undefined && cron === undefined) {
    if (until !== undefined)
      command.error('error: --until is the end of a repetition: give --every or --cron too', {
        exitCode: EXIT.usage,
      });
    return {
      type: 'once',
      ...(start !== undefined && { at: start }),
      ...(spread !== undefined && { spread_s: spread }),
    };
  }
  if (until === undefined)
    command.error('error: a repetition has an end: give --until, like --until 1h', { exitCode: EXIT.usage });
  return cron === undefined
    ? { type: 'interval', every_s: every, stop: until, ...common }
    : { type: 'cron', cron, stop: until, ...common };
}

/** Lets commander say what is wrong, as it does for what it reads itself. */
function usage<T>(command: Command, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof InvalidArgumentError)
      command.error(`error: option '--from <rule>': ${error.message}`, { exitCode: EXIT.usage });
    throw error;
  }
}

function listed(text: string, before: string[]): string[] {
  return [...before, text];
}

function duration(text: string): number {
  return parseSeconds(text);
}

function moment(text: string): string {
  return parseTime(text);
}

function whole(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It is a whole number, 1 or more.');
  return Number(text);
}

function limitOption(usual?: number): Option {
  const option = new Option('--limit <n>', 'stop after so many').argParser(whole);
  return usual === undefined ? option : option.default(usual);
}
