import { errorCode, messageOf } from '../platform/errors.js';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type AuthoritySettings, readAuthoritySettings } from '../host/authorities.js';
import { kindByName } from '../kinds/index.js';
import { parseRate, type Rate } from '../limits/rates.js';
import { parseNetwork } from '../policy/networks.js';
import { PROTOCOL } from '../protocol/protocol.js';

/** A setting that cannot be used, as a sentence for the person who made it. */
export class ConfigError extends Error {}

const list = z
  .union([z.array(z.string()), z.string().transform((text) => text.split(','))])
  .transform((items) => items.map((item) => item.trim()).filter((item) => item !== ''));
const number = (least: number, most: number): z.ZodType<number> =>
  z
    .union([
      z.number(),
      z
        .string()
        .regex(/^\d{1,12}$/, 'is no whole number')
        .transform(Number),
    ])
    .pipe(z.int().min(least).max(most));
const flag = z.union([
  z.boolean(),
  z
    .enum(['1', 'true', 'yes', 'on', '0', 'false', 'no', 'off', ''])
    .transform((text) => ['1', 'true', 'yes', 'on'].includes(text)),
]);
const MIB = 1024 * 1024;

const settingsSchema = z.object({
  server: z.url({ protocol: /^(https?|wss?)$/ }),
  token: z.string().min(1).max(4096),
  dataDir: z.string().min(1),
  allow: list.default([]),
  deny: list.default([]),
  only: list.default([]),
  allowPrivate: flag.default(false),
  denyKinds: list.default([]),
  onlyKinds: list.default([]),
  rate: list.default([]),
  concurrentRuns: number(1, 100).default(8),
  packetsPerSecond: number(1, 10_000).default(200),
  mibPerDay: number(0, 1_000_000_000).default(2048),
  runSeconds: number(1, 86_400).default(3_600),
  storeMib: number(1, 1024 * 1024).default(512),
  totalCredits: number(0, 1_000_000_000).default(PROTOCOL.defaultTotalCredits),
  scamper: z.string().min(1).default('scamper'),
  ntpServer: z.string().min(1).max(253).optional(),
  ntpPort: number(1, 65_535).default(123),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

export type SettingName = keyof typeof settingsSchema.shape;

export interface Settings extends Omit<z.infer<typeof settingsSchema>, 'ntpServer'> {
  storeBytes: number;
  /** The server's host, unless another was named. */
  ntpServer: string;
  authorities: AuthoritySettings;
}

/** The environment variable of each setting. */
export const VARIABLES: Readonly<Record<SettingName, string>> = {
  server: 'PLADMED_SERVER',
  token: 'PLADMED_TOKEN',
  dataDir: 'PLADMED_DATA_DIR',
  allow: 'PLADMED_ALLOW',
  deny: 'PLADMED_DENY',
  only: 'PLADMED_ONLY',
  allowPrivate: 'PLADMED_ALLOW_PRIVATE',
  denyKinds: 'PLADMED_DENY_KINDS',
  onlyKinds: 'PLADMED_ONLY_KINDS',
  rate: 'PLADMED_RATE',
  concurrentRuns: 'PLADMED_CONCURRENT_RUNS',
  packetsPerSecond: 'PLADMED_PACKETS_PER_SECOND',
  mibPerDay: 'PLADMED_MIB_PER_DAY',
  runSeconds: 'PLADMED_RUN_SECONDS',
  storeMib: 'PLADMED_STORE_MIB',
  totalCredits: 'PLADMED_TOTAL_CREDITS',
  scamper: 'PLADMED_SCAMPER',
  ntpServer: 'PLADMED_NTP_SERVER',
  ntpPort: 'PLADMED_NTP_PORT',
  logLevel: 'PLADMED_LOG_LEVEL',
};

/** The options on the command line, by the same names; `tokenFile` stands for `token`. */
export type Options = Partial<Record<SettingName, unknown>> & { tokenFile?: string };

/** Where a probe keeps its things when nobody says otherwise. */
export function defaultDataDir(environment: NodeJS.ProcessEnv): string {
  if (process.getuid?.() === 0) return '/var/lib/pladmed-probe';
  return join(environment['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'pladmed-probe');
}

/** Settings that only take something away: what stands in the file holds, whatever is given besides. */
export const ADDED_UP = ['deny', 'denyKinds', 'rate'] as const;

/**
 * Puts the settings together: the command line before the environment before the file that `join` wrote.
 * @throws ConfigError with one sentence
 */
export function readSettings(options: Options, environment: NodeJS.ProcessEnv): Settings {
  const read = settingsSchema.safeParse(gather(options, environment));
  if (!read.success) throw new ConfigError(complaint(read.error));
  checkLists(read.data);
  const ntpServer = read.data.ntpServer ?? new URL(read.data.server).hostname.replace(/^\[|\]$/g, '');
  const authorities = readAuthoritySettings(environment, process.execArgv);
  return { ...read.data, ntpServer, authorities, storeBytes: read.data.storeMib * MIB };
}

const withoutServer = settingsSchema.omit({ server: true, token: true });
export type RuleSettings = z.infer<typeof withoutServer>;

/** The settings that make the host's rules; they can be looked at and changed before the probe has joined a server. @throws ConfigError */
export function readRuleSettings(options: Options, environment: NodeJS.ProcessEnv): RuleSettings {
  const read = withoutServer.safeParse(gather(options, environment));
  if (!read.success) throw new ConfigError(complaint(read.error));
  checkLists(read.data);
  return read.data;
}

function gather(options: Options, environment: NodeJS.ProcessEnv): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries(VARIABLES)) {
    const value = options[name as SettingName] ?? environment[variable];
    // An empty variable is one that a compose file could not fill.
    if (value !== undefined && value !== '') given[name] = value;
  }
  const tokenFile = options.tokenFile ?? environment['PLADMED_TOKEN_FILE'];
  if (given['token'] === undefined && tokenFile !== undefined) given['token'] = readToken(tokenFile);
  given['dataDir'] ??= defaultDataDir(environment);
  const file = readConfigFile(String(given['dataDir']));
  for (const name of ADDED_UP) {
    const sources = [file[name], environment[VARIABLES[name]], options[name]];
    given[name] = sources.flatMap((source) => readList(name, source));
  }
  return { ...file, ...given };
}

function readList(name: string, value: unknown): string[] {
  if (value === undefined) return [];
  const read = list.safeParse(value);
  if (!read.success)
    throw new ConfigError(`${optionOf(name)} is no list: ${read.error.issues[0]?.message ?? ''}`);
  return read.data;
}

export const CONFIG_FILE = 'config.json';

/**
 * What `join` and `policy` wrote; empty when there is nothing.
 * @throws ConfigError when the file cannot be read, or holds what is no setting: a rule that is not understood is not passed over
 */
export function readConfigFile(dataDir: string): Record<string, unknown> {
  const path = join(dataDir, CONFIG_FILE);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return {};
    throw new ConfigError(`${path} cannot be read: ${messageOf(error)}`);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new ConfigError(`${path} cannot be read as JSON: correct it, or remove it and join again`);
  }
  const read = z.record(z.string(), z.unknown()).safeParse(content);
  if (!read.success)
    throw new ConfigError(`${path} holds no JSON object: correct it, or remove it and join again`);
  const unknown = Object.keys(read.data).find((name) => !Object.hasOwn(settingsSchema.shape, name));
  if (unknown !== undefined) throw new ConfigError(`${path}: there is no setting ${unknown.slice(0, 60)}`);
  return read.data;
}

function readToken(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    throw new ConfigError(`The token file ${path} cannot be read`);
  }
}

function complaint(error: z.ZodError): string {
  const issue = error.issues[0];
  const name = String(issue?.path[0] ?? '') as SettingName;
  // The value is not repeated: it may be the token.
  return `${optionOf(name)} (or ${VARIABLES[name]}) is missing or wrong: ${issue?.message ?? ''}`;
}

function optionOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function checkLists(settings: RuleSettings): void {
  let rates: Rate[];
  try {
    for (const network of [...settings.allow, ...settings.deny, ...settings.only]) parseNetwork(network);
    rates = settings.rate.map(parseRate);
  } catch (error) {
    throw new ConfigError(messageOf(error));
  }
  const kinds = [...settings.denyKinds, ...settings.onlyKinds, ...rates.map(({ kind }) => kind)];
  const unknown = kinds.find((kind) => !kindByName.has(kind));
  if (unknown !== undefined)
    throw new ConfigError(`There is no kind ${unknown}: ${[...kindByName.keys()].join(', ')}`);
}
