import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 };

/** @returns seconds of `30s`, `5m`, `2h`, `1d`, or of a number of seconds. @throws InvalidArgumentError */
export function parseSeconds(text: string): number {
  const [, digits, unit = 's'] = /^(\d{1,9})(s|m|min|h|d)?$/.exec(text) ?? [];
  if (digits === undefined) throw new InvalidArgumentError('It is a duration: 30s, 5m, 2h or 1d.');
  return Number(digits) * (UNITS[unit] ?? 1);
}

/**
 * @param text RFC 3339 with its zone (`2026-11-29T12:00:00Z`), `now`, or a time from now: `now+2h`, `now-30m`, `2h`
 * @returns RFC 3339 in UTC. @throws InvalidArgumentError
 */
export function parseTime(text: string, now = Date.now()): string {
  const [, sign, duration] = /^now(?:([+-])(.+))?$/.exec(text) ?? [];
  if (duration !== undefined) return at(now + parseSeconds(duration) * (sign === '-' ? -1000 : 1000));
  if (text === 'now') return at(now);
  if (/^\d+(s|m|min|h|d)$/.test(text)) return at(now + parseSeconds(text) * 1000);
  const isRfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text);
  const moment = Date.parse(text.replace(' ', 'T'));
  if (!isRfc3339 || Number.isNaN(moment))
    throw new InvalidArgumentError('It is a time with its zone, like 2026-11-29T12:00:00Z, or now-2h.');
  return at(moment);
}

function at(moment: number): string {
  return new Date(moment).toISOString();
}
