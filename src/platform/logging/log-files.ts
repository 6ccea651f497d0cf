import { type SonicBoom } from 'sonic-boom';
import { readdir, unlink } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { type Env } from '../../config/env.js';

/** What the files beside the one of the application are for, by the component that speaks. */
const APART = { requests: '"component":"http"', audit: '"component":"audit"' } as const;

/**
 * One write call a line. While a disk is full so many bytes wait for room; what comes then is left out.
 * With `minLength` 1 `flush` tries once more; `flushSync` of SonicBoom 4 would not return before there is room.
 */
export const AT_ONCE = { sync: true, minLength: 1, maxLength: 4 * 1024 * 1024 } as const;
const TRY_AGAIN_MS = 1_000;
/** Of each kind, whatever their age. */
const MOST_FILES = 100;
const DAY_MS = 86_400_000;
const COMPLAIN_EVERY_MS = 60_000;

type LogFilesEnv = Pick<Env, 'logFileBytes' | 'logFileDays'> & { logFile: string };

/** Takes lines of the log. */
export interface LogFiles {
  write(line: string): void;
}

/**
 * Opens the files of the log: of the application at LOG_FILE, of requests and of the audit beside it. A line is written when
 * `write` returns, so that the end of the process loses none.
 * @throws Error where they cannot be opened
 */
export async function openLogFiles({ logFile, logFileBytes, logFileDays }: LogFilesEnv): Promise<LogFiles> {
  const open = (file: string) => openFile(file, logFileBytes, logFileDays);
  const application = await open(logFile);
  const requests = await open(besideOf(logFile, 'requests'));
  const audit = await open(besideOf(logFile, 'audit'));
  return {
    write(line) {
      if (isOf(line, 'requests')) requests.write(line);
      else if (isOf(line, 'audit')) audit.write(line);
      else application.write(line);
    },
  };
}

/** In a text of JSON each quote has a backslash before it: only a member can look like this. */
function isOf(line: string, what: keyof typeof APART): boolean {
  return line.includes(APART[what]);
}

/** @returns `log/pladmed-audit.log` for `log/pladmed.log` */
function besideOf(file: string, what: keyof typeof APART): string {
  const extension = extname(file);
  return `${file.slice(0, file.length - extension.length)}-${what}${extension}`;
}

async function openFile(file: string, bytes: number, days: number): Promise<SonicBoom> {
  // loaded where there are files: it takes longer to load than the rest of the log
  const { default: openRolling } = await import('pino-roll');
  const stream = await openRolling({
    file,
    frequency: 'daily',
    dateFormat: 'yyyy-MM-dd',
    size: `${bytes}b`,
    mkdir: true,
    ...AT_ONCE,
    limit: { count: MOST_FILES, removeOtherLogFiles: true },
  });
  surviveErrors(stream, file);
  const prune = () => void deleteOlder(file, days).catch(() => undefined);
  prune();
  stream.on('cleanup-complete', prune);
  return stream;
}

/**
 * A full disk must not end a server: SonicBoom keeps what it could not write, and tries again with the next line, until
 * it keeps as much as it may; then it is asked to.
 * @param stream made with AT_ONCE @param what it is, for people
 */
export function surviveErrors(stream: SonicBoom, what: string): void {
  surviveLossOfErrorOutput();
  let complainedAt = -Infinity;
  let triedAt = -Infinity;
  const complain = (why: string) => {
    const now = performance.now();
    if (now - complainedAt < COMPLAIN_EVERY_MS) return;
    complainedAt = now;
    process.stderr.write(`pladmed: ${what} cannot be written: ${why}\n`);
  };
  stream.on('error', (error: Error) => {
    complain(error.message);
  });
  stream.on('drop', () => {
    complain('lines are left out until there is room');
    const now = performance.now();
    if (now - triedAt < TRY_AGAIN_MS) return;
    triedAt = now;
    stream.flush();
  });
}

/** Who reads both outputs may be gone (`2>&1 | tee log` that ended): an error that nobody hears would end the process, mid-way. */
function surviveLossOfErrorOutput(): void {
  if (!process.stderr.listeners('error').includes(ignore)) process.stderr.on('error', ignore);
}

const ignore = (): void => undefined;

/** Deletes files of earlier days, by the day in their names. */
export async function deleteOlder(file: string, days: number, now = new Date()): Promise<void> {
  const extension = extname(file);
  const base = `${basename(file, extension)}.`;
  const since = dayOf(new Date(now.getTime() - (days - 1) * DAY_MS));
  for (const name of await readdir(dirname(file))) {
    const rest = name.startsWith(base) ? name.slice(base.length) : '';
    const day = /^(\d{4}-\d{2}-\d{2})\.\d+\.[^.]+$/.exec(rest)?.[1];
    if (day !== undefined && day < since) await unlink(join(dirname(file), name)).catch(() => undefined);
  }
}

/** As the names have it: by the server's own time zone. */
function dayOf(time: Date): string {
  const part = (value: number) => String(value).padStart(2, '0');
  return `${time.getFullYear()}-${part(time.getMonth() + 1)}-${part(time.getDate())}`;
}
