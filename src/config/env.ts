import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';

/** A wrong environment: the message is one sentence that names the variable and what would be right. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}

const flag = z
  .enum(['', '0', '1', 'false', 'true', 'no', 'yes'], { error: 'must be true or false' })
  .transform((value) => ['1', 'true', 'yes'].includes(value));

const whole = (least: number, most: number) => {
  const error = `must be a whole number from ${least} to ${most}`;
  // digits only: a blank would count as 0, which is often no bound, and 0x10 as 16
  const digits = z
    .string()
    .trim()
    .regex(/^\d{1,15}$/, { error });
  return digits.transform(Number).pipe(z.number().min(least, { error }).max(most, { error }));
};

const uri = (...protocols: string[]) =>
  z.string().refine((value) => protocols.some((protocol) => value.startsWith(protocol)), {
    error: `must begin with ${protocols.join(' or ')}`,
  });

/** Seconds for which something is kept; less than a minute would delete what is on its way to its readers. 0: for ever. */
const kept = () => {
  const error = 'must be a whole number of seconds from 60 to 3153600000 (100 years), or 0: for ever';
  return whole(0, 3_153_600_000).refine((seconds) => seconds === 0 || seconds >= 60, { error });
};

/** Adapters for other platforms' clients and probes that an operator can leave out. */
export const DOORS = ['atlas', 'globalping'] as const;
export type Door = (typeof DOORS)[number];

const doors = () => {
  const error = `must be a comma-separated list of ${DOORS.join(' and ')}, or none`;
  const door = z.enum([...DOORS, 'none'], { error });
  const words = z.string().transform((text) => text.split(',').map((word) => word.trim()));
  return words
    .pipe(z.array(door).refine((named) => !named.includes('none') || named.length === 1, { error }))
    .transform((named): readonly Door[] => DOORS.filter((each) => named.includes(each)));
};

/** Origins, with spaces or commas between, or `*`: as `frame-ancestors` has them (CSP level 3, section 6.4.2). */
const ancestors = () => {
  const error =
    'must be origins such as https://www.example.org, with spaces or commas between, or * for all of them';
  const origin = /^(\*|https?:\/\/(\*\.)?[a-z0-9.-]+(:\d{1,5})?|https?:\/\/\[[0-9a-f:]+\](:\d{1,5})?)$/i;
  return z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter(Boolean))
    .refine((origins) => origins.every((each) => origin.test(each)), { error });
};

const MB = 1024 * 1024;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** Every variable that the server reads. The two `.env_*.example` files describe the same list. */
const variables = z.object({
  NODE_ENV: z
    .enum(['development', 'production', 'test'], { error: 'must be development, production or test' })
    .default('development'),
  PORT: whole(0, 65_535).default(5000),
  HOST: z.string().min(1).default('0.0.0.0'),
  SECRET_KEY: z.string().min(16, { error: 'must have at least 16 characters' }).optional(),
  DATA_DIR: z.string().min(1).default('./data'),
  CACHE_DIR: z.string().min(1).optional(),
  MONGODB_URI: uri('mongodb://', 'mongodb+srv://').optional(),
  MONGO_HOST: z.string().min(1).optional(),
  MONGO_PORT: whole(1, 65_535).default(27_017),
  MONGO_USERNAME: z.string().min(1).optional(),
  MONGO_PASSWORD: z.string().min(1).optional(),
  MONGO_DATABASE: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,60}$/, { error: 'must be 1 to 60 letters, digits, _ or -' })
    .optional(),
  MONGOD_BINARY: z.string().min(1).optional(),
  MONGOD_CACHE_MB: whole(256, 1_048_576).default(1024),
  REDIS_URL: uri('redis://', 'rediss://').optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }).optional(),
  LOG_FILE: z
    .string()
    .regex(/^[^<>"|?*:\0]*[^<>"|?*:\0/\\]$/, {
      error: 'must be the path of a file, without < > " | ? * and :',
    })
    .optional(),
  LOG_FILE_MB: whole(1, 100_000).default(50),
  LOG_FILE_DAYS: whole(1, 3650).default(14),
  DEBUG: flag.default(false),
  ALLOW_DELETE_ALL: flag.default(false),
  NTP_SERVER: z.string().min(1).max(253).optional(),
  NTP_SERVER_PORT: whole(1, 65_535).default(123),
  USER_TOKEN_TTL_HOURS: whole(1, 87_600).default(168),
  PASSWORD_COST: whole(4, 15).default(10),
  TRUST_PROXY: whole(0, 10).default(0),
  METRICS_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{16,200}$/, { error: 'must be 16 to 200 visible ASCII characters' })
    .optional(),
  INGEST_MAX_WAITING_MB: whole(1, 65_536).default(128),
  INGEST_MAX_WAITING_ITEMS: whole(1, 10_000_000).default(20_000),
  PROBE_MAX_MESSAGES_PER_S: whole(0, 1_000_000).default(5000),
  PROBE_MAX_MB_PER_S: whole(0, 10_000).default(32),
  LOGIN_MAX_FAILURES: whole(0, 1_000_000).default(10),
  LOGIN_MAX_FAILURES_PER_ADDRESS: whole(0, 1_000_000).default(100),
  REGISTER_MAX_PER_ADDRESS: whole(0, 1_000_000).default(500),
  USER_MAX_OPERATIONS_PER_DAY: whole(0, 10_000_000).default(10_000),
  USER_MAX_RUNNING_OPERATIONS: whole(0, 10_000_000).default(5000),
  USER_MAX_RESULTS_PER_DAY: whole(0, 1_000_000_000_000).default(20_000_000),
  TARGET_MAX_PROBES: whole(0, 1_000_000_000).default(50_000),
  TARGET_MAX_PACKETS_PER_S: whole(0, 1_000_000_000).default(20_000),
  CREDITS: z.enum(['on', 'off'], { error: 'must be on or off' }).default('on'),
  RELIABILITY_EVERY_S: whole(0, 86_400).default(300),
  SERIES_ROLLUPS: flag.default(true),
  IMPORT_DIR: z.string().min(1).optional(),
  NETWORKS_FILE: z.string().min(1).optional(),
  IMPORT_OWNER: z.email({ error: 'must be the e-mail of an account' }).optional(),
  ARCHIVE_DIR: z.string().min(1).optional(),
  IMPORT_MAX_MB: whole(1, 1_048_576).default(1024),
  RETENTION_RAW_S: kept().default(0),
  RETENTION_RESULTS_S: kept().default(0),
  RETENTION_ROLLUPS_S: kept().default(0),
  CHANGES_DETECTION: flag.default(true),
  DOORS: doors().default(DOORS),
  FRAME_ANCESTORS: ancestors().default([]),
  GLOBALPING_TESTS_PER_HOUR: whole(1, 1_000_000_000).default(5000),
  GLOBALPING_ANONYMOUS_ACCOUNT: z.email({ error: 'must be the e-mail of an account' }).optional(),
  GLOBALPING_ANONYMOUS_TESTS_PER_HOUR: whole(1, 1_000_000).default(250),
});

type Variables = z.infer<typeof variables>;

export interface Env {
  nodeEnv: Variables['NODE_ENV'];
  production: boolean;
  port: number;
  host: string;
  secretKey: string;
  /** Nobody set it: it was made here, and is kept in DATA_DIR. */
  secretKeyIsOwn: boolean;
  dataDir: string;
  cacheDir: string;
  /** Where MongoDB is; absent: the server runs its own. */
  mongoUri?: string | undefined;
  mongoDatabase: string;
  mongodBinary?: string | undefined;
  mongodCacheMb: number;
  redisUrl?: string | undefined;
  logLevel: (typeof LOG_LEVELS)[number];
  logFile?: string | undefined;
  /** a file of the log that has so many is followed by a new one */
  logFileBytes: number;
  /** files of the log are kept for so many days, the present one included */
  logFileDays: number;
  allowDeleteAll: boolean;
  /** What this server's clock is compared with; absent: nothing. */
  ntpServer?: string | undefined;
  ntpServerPort: number;
  userTokenTtlHours: number;
  passwordCost: number;
  trustProxy: number;
  /** what /metrics asks for; absent: it is shown in private networks */
  metricsToken?: string | undefined;
  ingestMaxWaitingBytes: number;
  ingestMaxWaitingItems: number;
  /** of one probe; 0: no bound */
  probeMaxMessagesPerS: number;
  /** of one probe; 0: no bound */
  probeMaxBytesPerS: number;
  /** in 15 minutes, of one account from one address; 0: no bound */
  loginMaxFailures: number;
  /** in 15 minutes; 0: no bound */
  loginMaxFailuresPerAddress: number;
  /** in an hour; 0: no bound */
  registerMaxPerAddress: number;
  /** created in the last 24 hours; 0: no bound */
  userMaxOperationsPerDay: number;
  /** 0: no bound */
  userMaxRunningOperations: number;
  /** called for in any 24 hours; 0: no bound */
  userMaxResultsPerDay: number;
  /** that strike one target, of all users together; 0: no bound */
  targetMaxProbes: number;
  /** that strike one target, of all users together; 0: no bound */
  targetMaxPacketsPerS: number;
  /** whether operations are paid for, and results earn */
  credits: boolean;
  /** how old the figures of a probe may grow; 0: there are none */
  reliabilityEveryMs: number;
  /** whether this server keeps figures of series ready, and answers from them */
  seriesRollups: boolean;
  /** a table of announced prefixes and their autonomous systems; absent: none */
  networksFile?: string | undefined;
  /** where files that are to be imported are put; absent: nowhere */
  importDir?: string | undefined;
  /** whose they are: an e-mail; absent: those of the first superuser */
  importOwner?: string | undefined;
  /** where results are filed before they are deleted; absent: nowhere */
  archiveDir?: string | undefined;
  /** of one file, as it comes */
  importMaxBytes: number;
  /** for how long what operations do not state themselves is kept, in seconds; null: for ever */
  retention: { raw_s: number | null; results_s: number | null; rollups_s: number | null };
  /** whether this server looks in results for what changes */
  changesDetection: boolean;
  /** doors for other platforms' clients and probes that are open */
  doors: readonly Door[];
  /** which pages of others may have a plot in a frame */
  frameAncestors: string[];
  /** that clients of Globalping may ask for, of one account */
  globalpingTestsPerHour: number;
  /** who pays for clients of Globalping that have no account: an e-mail; absent: they are refused */
  globalpingAnonymousAccount?: string | undefined;
  /** of one address without an account */
  globalpingAnonymousTestsPerHour: number;
}

/** The names of all variables, for the test that holds the example files against them. */
export const VARIABLE_NAMES = Object.keys(variables.shape);

/**
 * Reads and checks the environment.
 * @param source name -> text, as in process.env; empty texts count as absent
 * @returns typed settings; in development a SECRET_KEY is made once and kept in DATA_DIR/secret-key (mode 0600)
 * @throws EnvironmentError one sentence
 */
export function parseEnv(source: NodeJS.ProcessEnv): Env {
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const parsed = variables.safeParse(present);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new EnvironmentError(`${String(issue?.path[0])} ${issue?.message ?? 'is wrong'}.`);
  }
  const read = parsed.data;
  const production = read.NODE_ENV === 'production';
  const dataDir = resolve(read.DATA_DIR);
  return {
    nodeEnv: read.NODE_ENV,
    production,
    port: read.PORT,
    host: read.HOST,
    secretKey: read.SECRET_KEY ?? developmentSecret(dataDir, production),
    secretKeyIsOwn: read.SECRET_KEY === undefined,
    dataDir,
    cacheDir: read.CACHE_DIR ?? defaultCacheDir(source),
    mongoUri: mongoUri(read),
    mongoDatabase: read.MONGO_DATABASE ?? databaseIn(read.MONGODB_URI) ?? 'pladmed',
    mongodBinary: read.MONGOD_BINARY,
    mongodCacheMb: read.MONGOD_CACHE_MB,
    redisUrl: read.REDIS_URL,
    logLevel: read.LOG_LEVEL ?? (read.DEBUG ? 'debug' : 'info'),
    logFile: read.LOG_FILE,
    logFileBytes: read.LOG_FILE_MB * MB,
    logFileDays: read.LOG_FILE_DAYS,
    allowDeleteAll: read.ALLOW_DELETE_ALL && !production,
    ntpServer: read.NTP_SERVER,
    ntpServerPort: read.NTP_SERVER_PORT,
    userTokenTtlHours: read.USER_TOKEN_TTL_HOURS,
    passwordCost: read.PASSWORD_COST,
    trustProxy: read.TRUST_PROXY,
    metricsToken: read.METRICS_TOKEN,
    ingestMaxWaitingBytes: read.INGEST_MAX_WAITING_MB * MB,
    ingestMaxWaitingItems: read.INGEST_MAX_WAITING_ITEMS,
    probeMaxMessagesPerS: read.PROBE_MAX_MESSAGES_PER_S,
    probeMaxBytesPerS: read.PROBE_MAX_MB_PER_S * MB,
    loginMaxFailures: read.LOGIN_MAX_FAILURES,
    loginMaxFailuresPerAddress: read.LOGIN_MAX_FAILURES_PER_ADDRESS,
    registerMaxPerAddress: read.REGISTER_MAX_PER_ADDRESS,
    userMaxOperationsPerDay: read.USER_MAX_OPERATIONS_PER_DAY,
    userMaxRunningOperations: read.USER_MAX_RUNNING_OPERATIONS,
    userMaxResultsPerDay: read.USER_MAX_RESULTS_PER_DAY,
    targetMaxProbes: read.TARGET_MAX_PROBES,
    targetMaxPacketsPerS: read.TARGET_MAX_PACKETS_PER_S,
    credits: read.CREDITS === 'on',
    reliabilityEveryMs: read.RELIABILITY_EVERY_S * 1_000,
    seriesRollups: read.SERIES_ROLLUPS,
    importDir: read.IMPORT_DIR && resolve(read.IMPORT_DIR),
    networksFile: read.NETWORKS_FILE && resolve(read.NETWORKS_FILE),
    importOwner: read.IMPORT_OWNER,
    archiveDir: read.ARCHIVE_DIR && resolve(read.ARCHIVE_DIR),
    importMaxBytes: read.IMPORT_MAX_MB * MB,
    retention: {
      raw_s: read.RETENTION_RAW_S || null,
      results_s: read.RETENTION_RESULTS_S || null,
      rollups_s: read.RETENTION_ROLLUPS_S || null,
    },
    changesDetection: read.CHANGES_DETECTION,
    doors: read.DOORS,
    frameAncestors: read.FRAME_ANCESTORS,
    globalpingTestsPerHour: read.GLOBALPING_TESTS_PER_HOUR,
    globalpingAnonymousAccount: read.GLOBALPING_ANONYMOUS_ACCOUNT,
    globalpingAnonymousTestsPerHour: read.GLOBALPING_ANONYMOUS_TESTS_PER_HOUR,
  };
}

function mongoUri(read: Variables): string | undefined {
  if (read.MONGODB_URI !== undefined) return read.MONGODB_URI;
  if (read.MONGO_HOST === undefined) return undefined;
  const { MONGO_USERNAME: user, MONGO_PASSWORD: password } = read;
  if ((user === undefined) !== (password === undefined)) {
    throw new EnvironmentError('MONGO_USERNAME and MONGO_PASSWORD must be set together, or neither.');
  }
  const credentials =
    user === undefined ? '' : `${encodeURIComponent(user)}:${encodeURIComponent(password ?? '')}@`;
  const query = user === undefined ? '' : '?authSource=admin';
  return `mongodb://${credentials}${read.MONGO_HOST}:${read.MONGO_PORT}/${query}`;
}

/** @returns the database that a connection string names in its path */
function databaseIn(connectionString: string | undefined): string | undefined {
  return /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(connectionString ?? '')?.[1];
}

function defaultCacheDir(source: NodeJS.ProcessEnv): string {
  return join(source['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'pladmed');
}

function developmentSecret(dataDir: string, production: boolean): string {
  if (production) {
    throw new EnvironmentError(
      'SECRET_KEY must be set in production: a random text of at least 16 characters, for example from `openssl rand -hex 32`.',
    );
  }
  const file = join(dataDir, 'secret-key');
  try {
    if (existsSync(file)) return readFileSync(file, 'utf8').trim();
    mkdirSync(dataDir, { recursive: true });
    const secret = randomBytes(32).toString('hex');
    writeFileSync(file, `${secret}\n`, { mode: 0o600, flag: 'wx' });
    return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return readFileSync(file, 'utf8').trim();
    throw new EnvironmentError(`DATA_DIR ${dataDir} must be a folder that can be written: ${String(error)}.`);
  }
}
