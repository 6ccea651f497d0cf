#!/usr/bin/env node
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { Agent } from './agent.js';
import { systemClock } from './clock/clock.js';
import { examine } from './commands/doctor.js';
import { joinServer, saveSettings } from './commands/join.js';
import { describeStatus, showStatus } from './commands/status.js';
import { ConfigError, type Options, readConfigFile, readSettings } from './config/config.js';
import { identityOf } from './config/identity.js';
import { packageVersion } from './config/version.js';
import { createLog } from './log.js';
import { deniedByDefault } from './policy/networks.js';
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

async function joinCommand(options: Options): Promise<void> {
  const settings = readSettings(options, process.env);
  const path = await joinServer(settings, options);
  console.log(
    `Joined ${settings.server}; kept in ${path}. Now: pladmed-probe run --data-dir ${settings.dataDir}`,
  );
}

async function status(options: Options & { json?: boolean }): Promise<void> {
  const settings = readSettings(options, process.env);
  const shown = await showStatus(join(settings.dataDir, identityOf(settings.token)), Date.now());
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

/** Changes a list of networks; the probe reads it when it starts. */
async function changePolicy(list: 'allow' | 'deny', network: string, options: Options): Promise<void> {
  const settings = readSettings({ ...options, [list]: [network] }, process.env);
  const kept = readConfigFile(settings.dataDir)[list];
  const networks = new Set([...(Array.isArray(kept) ? (kept as unknown[]) : []), network]);
  const path = await saveSettings(settings.dataDir, { [list]: [...networks] });
  console.log(`${network} is in the list ${list} of ${path}. Restart the probe.`);
}

function showPolicy(options: Options): void {
  const { allow, deny, allowPrivate, denyKinds } = readSettings(options, process.env);
  console.log(`allow       ${allow.join(', ') || '-'}`);
  console.log(`deny        ${deny.join(', ') || '-'} (stronger than allow)`);
  console.log(`kinds       ${denyKinds.length === 0 ? 'all' : `all but ${denyKinds.join(', ')}`}`);
  if (allowPrivate) console.log('private     allowed: nothing is denied by default');
  else for (const { name } of deniedByDefault) console.log(`by default  denies ${name}`);
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
withSettings(policy.command('show', { isDefault: true })).action(showPolicy);
for (const list of ['allow', 'deny'] as const) {
  withSettings(policy.command(list).argument('<network>')).action((network: string, options: Options) =>
    changePolicy(list, network, options),
  );
}

try {
  await program.parseAsync();
} catch (error) {
  const known = error instanceof ConfigError || error instanceof FolderInUse;
  console.error(known ? error.message : error);
  process.exitCode = 1;
}
