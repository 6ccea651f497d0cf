#!/usr/bin/env node
import { Command, Option } from 'commander';
import { Agent } from './agent.js';
import { systemClock } from './clock/clock.js';
import { ConfigError, type Options, readSettings } from './config/config.js';
import { packageVersion } from './config/version.js';
import { createLog } from './log.js';
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
    .option('--allow-private', 'allow everything that is denied by default (PLADMED_ALLOW_PRIVATE=1)')
    .option('--deny-kinds <kinds>', 'kinds that are not done, with commas (PLADMED_DENY_KINDS)')
    .option('--concurrent-runs <n>', 'runs at one time, default 8 (PLADMED_CONCURRENT_RUNS)')
    .option('--packets-per-second <n>', 'for all runs together, default 200 (PLADMED_PACKETS_PER_SECOND)')
    .option('--run-seconds <n>', 'the longest that a run may take, default 3600 (PLADMED_RUN_SECONDS)')
    .option('--store-mib <n>', 'the most that waiting results may take, default 512 (PLADMED_STORE_MIB)')
    .option('--total-credits <n>', 'what the probe can carry at once, default 1000 (PLADMED_TOTAL_CREDITS)')
    .option('--scamper <path>', 'the scamper program (PLADMED_SCAMPER)')
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
  const agent = await Agent.start(settings, systemClock(), log);
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
}

const program = new Command('pladmed-probe')
  .description('The Pladmed probe: measures from where it stands and brings the results back')
  .version(packageVersion());
withSettings(program.command('run', { isDefault: true }).description('connect and measure')).action(run);

try {
  await program.parseAsync();
} catch (error) {
  const known = error instanceof ConfigError || error instanceof FolderInUse;
  console.error(known ? error.message : error);
  process.exitCode = 1;
}
