const TIME = new Intl.DateTimeFormat(undefined, {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** @returns the time in the reader's zone as `2026-11-29 20:15:03`: such times sort as text */
export function localTime(iso: string | number | Date): string {
  const part = Object.fromEntries(TIME.formatToParts(new Date(iso)).map(({ type, value }) => [type, value]));
  const { year = '', month = '', day = '', hour = '', minute = '', second = '' } = part;
  return `${year}-${month}-${day} ${hour}:${minute}:${second}`;
}

export function utcTime(iso: string | number | Date): string {
  return `${new Date(iso).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

export const whole = (count: number): string => NUMBER.format(count);

/** @param least what is left out: "1 probe", "2 probes" */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${whole(count)} ${count === 1 ? one : many}`;
}

export function percent(share: number | null | undefined, digits = 1): string {
  if (share === null || share === undefined) return '–';
  const value = share * 100;
  // a share that is not whole is not shown as if it were
  const shown =
    share < 1 && value > 100 - 0.5 * 10 ** -digits ? Math.floor(value * 10 ** digits) / 10 ** digits : value;
  return `${shown.toFixed(Number.isInteger(shown) ? 0 : digits)} %`;
}

/** @returns milliseconds with three digits that count */
export function ms(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (value === 0) return '0 ms';
  const size = Math.abs(value);
  // 9.999 is 10.0: what is rounded up has a digit more
  return `${size >= 99.95 ? whole(value) : size >= 9.995 ? value.toFixed(1) : size >= 0.9995 ? value.toFixed(2) : value.toFixed(3)} ms`;
}

/** @returns a place as maps write it: "34.6° S, 58.38° W" */
export function placeWords({ latitude, longitude }: { latitude: number; longitude: number }): string {
  const degrees = (value: number, positive: string, negative: string): string =>
    `${Math.abs(value)}° ${value < 0 ? negative : positive}`;
  return `${degrees(latitude, 'N', 'S')}, ${degrees(longitude, 'E', 'W')}`;
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

/** @returns a length of time in its largest two units: "2 days 4 hours" */
export function duration(seconds: number): string {
  let left = Math.max(0, Math.round(seconds));
  const words: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) words.push(counted(count, unit));
    if (words.length === 2) break;
  }
  return words.join(' ') || '0 seconds';
}

/** @returns how often, in the unit that needs no fraction: "every 5 minutes" */
export function every(seconds: number): string {
  const [unit, size] = UNITS.find(([, each]) => seconds >= each && seconds % each === 0) ?? UNITS[3];
  const count = seconds / size;
  return count === 1 ? `every ${unit}` : `every ${whole(count)} ${unit}s`;
}

export function ago(iso: string, now: number): string {
  const seconds = (now - Date.parse(iso)) / 1_000;
  // the browser's clock may be behind the server's
  return seconds < 5 ? 'just now' : `${duration(seconds).split(' ').slice(0, 2).join(' ')} ago`;
}

const WEEKDAY = new Intl.DateTimeFormat('en', { weekday: 'long', timeZone: 'UTC' });

/** @returns a moment as people say it: "Friday 2026-12-04 18:00 UTC" */
export function spoken(iso: string): string {
  return `${WEEKDAY.format(new Date(iso))} ${new Date(iso).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
