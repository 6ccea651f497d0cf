import { CronPattern } from './cron-pattern.js';
import { CRON_FIELDS, FieldError, readElement } from './cron-fields.js';

/** Longest cron expression that an operation may have, in characters. */
export const MAX_CRON_LENGTH = 100;

/** Patterns that are kept: many operations have the same expression. */
const MOST_KEPT = 500;

/** Nicknames of crontab(5), and what they stand for. */
const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ['@hourly', '0 * * * *'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@weekly', '0 0 * * 0'],
  ['@monthly', '0 0 1 * *'],
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
]);

/** It is no cron expression; the message is the end of a sentence that begins with the name of the field that held it. */
export class CronError extends Error {}

const kept = new Map<string, CronPattern>();

/**
 * Reads a cron expression of five fields as crontab(5) of Debian's cron, vixie cron and cronie has them; docs/protocol.md states
 * the grammar.
 * @throws CronError that names the field, and an expression that says the same where there is one
 */
export function readCron(expression: string): CronPattern {
  const known = kept.get(expression);
  if (known !== undefined) return known;
  const pattern = parse(expression);
  const [oldest] = kept.keys();
  if (kept.size >= MOST_KEPT && oldest !== undefined) kept.delete(oldest);
  kept.set(expression, pattern);
  return pattern;
}

function parse(expression: string): CronPattern {
  // a migration may have made one longer that was accepted at its full length
  if (expression.length > 2 * MAX_CRON_LENGTH)
    throw new CronError(`must have at most ${MAX_CRON_LENGTH} characters`);
  if (/[^ \t\x21-\x7e]/.test(expression))
    throw new CronError('must be one line of printable ASCII characters, blanks and tabs');
  const fields = expression.trim().split(/[ \t]+/);
  if (fields.length !== CRON_FIELDS.length) throw wrongCount(fields);
  const [minutes = [], hours = [], days = [], months = [], weekdays = []] = fields.map((_field, index) =>
    readField(fields, index),
  );
  const [, , dayOfMonth = '', , dayOfWeek = ''] = fields;
  // entry.c: DOM_STAR and DOW_STAR are set by the first character alone
  const either = !dayOfMonth.startsWith('*') && !dayOfWeek.startsWith('*');
  return new CronPattern({ minutes, hours, days, months, weekdays, either });
}

/** @returns its values, ascending */
function readField(fields: readonly string[], index: number): number[] {
  const kind = CRON_FIELDS[index];
  if (kind === undefined) return [];
  const elements = fields[index]?.split(',') ?? [];
  const values = elements.flatMap((element, place) => {
    try {
      return readElement(element, kind);
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      const instead = replaced(fields, index, replaced(elements, place, error.instead)?.join(','))?.join(' ');
      throw new CronError(
        `must be a cron expression as a crontab has it; ${kind.name} "${element}": ${error.message}${advice(instead)}`,
      );
    }
  });
  return [...new Set(values)].sort((a, b) => a - b);
}

function wrongCount(fields: readonly string[]): CronError {
  const names = CRON_FIELDS.map(({ name }) => name).join(', ');
  const sentence = `must be a cron expression of five fields (${names})`;
  const nickname = fields.length === 1 ? NICKNAMES.get((fields[0] ?? '').toLowerCase()) : undefined;
  if (nickname !== undefined) return new CronError(`${sentence}${advice(nickname)}`);
  if (fields.length === CRON_FIELDS.length + 1) {
    return new CronError(`${sentence}, without one for seconds or years${advice(fields.slice(1).join(' '))}`);
  }
  return new CronError(`${sentence}, as in "*/5 * * * *"`);
}

/** @returns undefined where there is nothing to put in its place */
function replaced(list: readonly string[], index: number, instead: string | undefined): string[] | undefined {
  return instead === undefined ? undefined : list.map((each, place) => (place === index ? instead : each));
}

/** An expression that is accepted is advised; what has further mistakes has its next sentence first. */
function advice(instead: string | undefined): string {
  if (instead === undefined || instead.length > MAX_CRON_LENGTH) return '';
  try {
    parse(instead);
    return `; write "${instead}"`;
  } catch {
    return '';
  }
}
