/** One of the five fields of a cron expression. */
interface FieldKind {
  /** as crontab(5) calls it */
  name: string;
  low: number;
  /** 7 for the day of the week: Sunday is 0 and 7 */
  high: number;
  /** largest step that may be given: how many different values the field has */
  size: number;
  /** of the values, from 0 on; taken in any case */
  names: readonly string[];
}

const MONTHS = ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const SUNDAY = 7;

export const CRON_FIELDS: readonly FieldKind[] = [
  { name: 'minute', low: 0, high: 59, size: 60, names: [] },
  { name: 'hour', low: 0, high: 23, size: 24, names: [] },
  { name: 'day of month', low: 1, high: 31, size: 31, names: [] },
  { name: 'month', low: 1, high: 12, size: 12, names: MONTHS },
  { name: 'day of week', low: 0, high: SUNDAY, size: 7, names: WEEKDAYS },
];

/** What is wrong with one element of a field, and what says the same in a way that a crontab takes. */
export class FieldError extends Error {
  constructor(
    message: string,
    /** undefined: no crontab can say it */
    readonly instead?: string,
  ) {
    super(message);
  }
}

/** A star or a value or a range, and a step. */
const ELEMENT = /^(?:(\*)|([a-z\d]+)(?:-([a-z\d]+))?)(?:\/(\d+))?$/i;
/** The last day, the last or n-th weekday of a month, the working day next to one. */
const QUARTZ = /^(?:l(?:w|-\d+)?|\d+[lw]|[a-z]{3}l)$|#/i;
const NUMBER = /^\d{1,2}$/;
const TOO_LONG_NUMBER = /^0*(\d{1,2})$/;

/**
 * Reads one element of the list that a field is, as Debian's cron does (entry.c, get_range).
 * @returns its values, ascending; Sunday is 0
 * @throws FieldError
 */
export function readElement(element: string, field: FieldKind): number[] {
  if (field.name.startsWith('day') && QUARTZ.test(element))
    throw new FieldError('a crontab has no "L", "W" or "#"');
  const parts = ELEMENT.exec(element);
  if (parts === null) throw foreign(element);
  const [, star, first = '', last, stepText] = parts;
  const from = star === undefined ? readValue(first, field) : field.low;
  const to = star === undefined ? readValue(last ?? first, field) : field.high;
  if (stepText !== undefined && star === undefined && last === undefined) {
    throw new FieldError('a step needs a range', `${first}-${field.high}/${stepText}`);
  }
  const range = star ?? `${first}-${last ?? first}`;
  const step = stepText === undefined ? 1 : readStep(stepText, range, from, field);
  if (to < from) throw backwards(from, to, step, field);
  const values = new Set<number>();
  for (let value = from; value <= to; value += step) values.add(plain(value, field));
  return [...values].sort((a, b) => a - b);
}

function readValue(text: string, field: FieldKind): number {
  const named = field.names.indexOf(text.toLowerCase());
  if (named >= 0) return named;
  if (!NUMBER.test(text)) throw notAValue(text, field.names);
  const value = Number(text);
  if (value < field.low || value > field.high)
    throw new FieldError(`${text} is not from ${field.low} to ${field.high}`);
  return value;
}

function readStep(text: string, range: string, from: number, field: FieldKind): number {
  const step = Number(text);
  if (step === 0) throw new FieldError('a step is at least 1', range);
  if (step <= field.size) return step;
  // a day field must keep its star: with it the other day field must match as well
  const instead = range === '*' ? `*/${field.size}` : String(plain(from, field));
  throw new FieldError(`a step above ${field.size} leaves one value`, instead);
}

/** Debian's cron takes a range that runs backwards and never runs it; cronie refuses it. */
function backwards(from: number, to: number, step: number, field: FieldKind): FieldError {
  const values = new Set<number>();
  const turn = field.name === 'day of week' ? SUNDAY : field.high - field.low + 1;
  for (let value = from; value <= to + turn; value += step) {
    values.add(plain(value > field.high ? value - turn : value, field));
  }
  return new FieldError('the range runs backwards', [...values].sort((a, b) => a - b).join(','));
}

function notAValue(text: string, names: readonly string[]): FieldError {
  const [, number] = TOO_LONG_NUMBER.exec(text) ?? [];
  if (number !== undefined) return new FieldError('a number has two digits at most', String(Number(number)));
  const known = names.find((name) => name !== '' && text.toLowerCase().startsWith(name));
  if (known !== undefined && /^[a-z]+$/i.test(text)) return new FieldError('a name has three letters', known);
  return new FieldError(
    names.length === 0 ? 'it has no names, only numbers' : `"${text.slice(0, 20)}" is no name of one`,
  );
}

/** What other schedulers take (Quartz, croner, systemd), and a crontab does not. */
function foreign(element: string): FieldError {
  if (element === '') return new FieldError('an element of the list is empty');
  if (element === '?') return new FieldError('a crontab has no "?"', '*');
  if (/^\+/.test(element)) return new FieldError('a crontab has no "+"');
  if (/^\*-|-.*-/.test(element)) return new FieldError('a range has two ends');
  return new FieldError('it is no number, name, range or step of a crontab');
}

function plain(value: number, field: FieldKind): number {
  return field.name === 'day of week' && value === SUNDAY ? 0 : value;
}
