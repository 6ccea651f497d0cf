#!/usr/bin/env node
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { Agent } from './agent.js';
import { systemClock } from './clock/clock.js';
import { examine } from './commands/doctor.js';
import { joinServer } from './commands/join.js';
import { changePolicy, changeRate, describePolicy } from './commands/policy.js';
import { describeStatus, showStatus } from './commands/status.js';
import { ConfigError, type Options, readRuleSettings, readSettings } from './config/config.js';
import { identityOf } from './config/identity.js';
import { packageVersion } from './platform/version.js';
import { createLog } from './platform/log.js';
import { guardProcess } from './runs/escape.js';
import { FolderInUse } from './store/lock.js';

const collect = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

function withSettings(command: Command): Command {
  return command
    .option('--server <url>', 'the server, like https://pladmed.example.org (PLADMED_SERVER)')
    .option(
      '--token <token>',
      "the probe's token; better PLADMED_TOKEN or --token-file: others can read a command line",
    )
    .option('--token-file <file>', 'a file that holds the token (PLADMED_TOKEN_FILE)')
    .option('--data-dir <folder>', 'where results and state are kept (PLADMED_DATA_DIR)')
    .option(
      '--allow <network>',
      'allow a network that is denied by default; repeatable (PLADMED_ALLOW, with commas)',
      collect,
    )
    .option('--deny <network>', 'deny a network; repeatable (PLADMED_DENY, with commas)', collect)
    .option('--only <network>', 'measure nothing but these; repeatable (PLADMED_ONLY, with commas)', collect)
    .option('--allow-private', 'allow everything that is denied by default (PLADMED_ALLOW_PRIVATE=1)')
    .option('--deny-kinds <kinds>', 'kinds that are not done, with commas (PLADMED_DENY_KINDS)')
    .option('--only-kinds <kinds>', 'the only kinds that are done, with commas (PLADMED_ONLY_KINDS)')
    .option(
      '--rate <kind=n/unit>',
      'at most so many runs of a kind, like ping=60/min or dns=1000/hour; repeatable (PLADMED_RATE, with commas)',
      collect,
    )
    .option('--concurrent-runs <n>', 'runs at one time, default 8 (PLADMED_CONCURRENT_RUNS)')
    .option('--packets-per-second <n>', 'for all runs together, default 200 (PLADMED_PACKETS_PER_SECOND)')
    .option(
      '--mib-per-day <n>',
      'sent and received in a UTC day, default 2048, 0 for any number (PLADMED_MIB_PER_DAY)',
    )
    .option('--run-seconds <n>', 'the longest that a run may take, default 3600 (PLADMED_RUN_SECONDS)')
    .option('--store-mib <n>', 'the most that waiting results may take, default 512 (PLADMED_STORE_MIB)')
    .option('--total-credits <n>', 'what the probe can carry at once, default 1000 (PLADMED_TOTAL_CREDITS)')
    .option('--scamper <path>', 'the scamper program (PLADMED_SCAMPER)')
    .option('--ntp-server <host>', "time server, default the server's host (PLADMED_NTP_SERVER)")
    .option('--ntp-port <port>', 'default 123 (PLADMED_NTP_PORT)')
    .addOption(
      new Option('--log-level <level>', 'default info (PLADMED_LOG_LEVEL)').choices([
        'debug',
        'info',
        'warn',
        'error',
      ]),
    );
}

async function run(options: Options): Promise<void> {
  const settings = readSettings(options, process.env);
  const log = createLog(settings.logLevel);
  guardProcess(log, () => process.exit(1));
  const agent = await Agent.start(settings, systemClock(), log, () => readSettings(options, process.env));
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    void agent.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, 'the stop was not clean');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop).on('SIGINT', stop);
  process.on('SIGHUP', () => {
    agent.reload();
  });
}

async function joinCommand(options: Options): Promise<void> {
  const settings = readSettings(options, process.env);
  const path = await joinServer(settings, options);
  console.log(
    `Joined ${settings.server}; kept in ${path}. Now: pladmed-probe run --data-dir ${settings.dataDir}`,
  );
}

async function status(options: Options & { json?: boolean }): Promise<void> {
  const settings = readSettings(options, process.env);
  const named = join(settings.dataDir, identityOf(settings.token));
  const shown = await showStatus(await realpath(named).catch(() => named), Date.now());
  console.log(options.json === true ? JSON.stringify(shown) : describeStatus(shown));
  if (!shown.running_now) process.exitCode = 1;
}

async function doctor(options: Options): Promise<void> {
  const findings = await examine(readSettings(options, process.env));
  for (const { check, ok, optional, detail } of findings) {
    console.log(`${ok ? 'ok     ' : optional ? 'note   ' : 'FAILED '} ${check.padEnd(14)} ${detail}`);
  }
  if (findings.some(({ ok, optional }) => !ok && !optional)) process.exitCode = 1;
}

const program = new Command('pladmed-probe')
  .description('The Pladmed probe: measures from where it stands and brings the results back')
  .version(packageVersion());
withSettings(program.command('run', { isDefault: true }).description('connect and measure')).action(run);
withSettings(
  program.command('join').description('keep the settings, the token too, in the data folder'),
).action(joinCommand);
withSettings(program.command('status').description('what the running probe does'))
  .option('--json', 'as JSON')
  .action(status);
withSettings(program.command('doctor').description('look at everything a probe needs')).action(doctor);
const policy = program.command('policy').description('what the host lets the probe measure');
withSettings(policy.command('show', { isDefault: true })).action((options: Options) => {
  console.log(describePolicy(readRuleSettings(options, process.env)));
});
for (const list of ['allow', 'deny'] as const) {
  withSettings(policy.command(list).argument('<network or kind>')).action(
    async (what: string, options: Options) => {
      console.log(await changePolicy(list, what, options, process.env));
    },
  );
}
withSettings(policy.command('rate').argument('<kind=n/unit>', 'like ping=60/min, or ping=none')).action(
  async (text: string, options: Options) => {
    console.log(await changeRate(text, options, process.env));
  },
);

try {
  await program.parseAsync();
} catch (error) {
  const known = error instanceof ConfigError || error instanceof FolderInUse;
  console.error(known ? error.message : error);
  process.exitCode = 1;
}
