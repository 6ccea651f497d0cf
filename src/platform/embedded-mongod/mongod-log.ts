import { open, rename, stat } from 'node:fs/promises';

const MEGABYTE = 1024 * 1024;
/** The log of mongod is put aside at a start when it is longer than this; one old log is kept. */
const LONGEST_LOG_BYTES = 20 * MEGABYTE;
const TAIL_BYTES = 32 * 1024;

interface LogLine {
  s?: string;
  msg?: string;
  attr?: Record<string, unknown>;
}

/** Renames a log that has grown too long to `<path>.1`, replacing an older one. */
export async function putAsideLongLog(path: string, longest = LONGEST_LOG_BYTES): Promise<void> {
  const size = await stat(path).then(
    (stats) => stats.size,
    () => 0,
  );
  if (size > longest) {
    await rename(path, `${path}.1`);
  }
}

/** The last lines of a text file, [] when it cannot be read. */
export async function lastLines(path: string, count: number): Promise<string[]> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) {
    return [];
  }
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(TAIL_BYTES), 0, TAIL_BYTES, start);
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
    return lines.filter((line) => line.trim() !== '').slice(-count);
  } finally {
    await file.close();
  }
}

/**
 * What an operator should read of mongod's log: its errors and warnings of late, or else its last lines.
 * @param lines of the structured (JSON) log; other lines are shown as they are
 */
export function readable(lines: string[], count = 6): string {
  const parsed = lines.map(parseLine);
  const grave = parsed.filter(({ severity }) => severity === 'E' || severity === 'F');
  return (grave.length > 0 ? grave : parsed)
    .slice(-count)
    .map(({ text }) => `  ${text}`)
    .join('\n');
}

function parseLine(line: string): { severity: string; text: string } {
  try {
    const { s, msg, attr } = JSON.parse(line) as LogLine;
    const detail = attr === undefined ? '' : ` ${JSON.stringify(attr)}`;
    return { severity: s ?? '', text: `${msg ?? line}${detail}`.slice(0, 400) };
  } catch {
    return { severity: '', text: line.slice(0, 400) };
  }
}
