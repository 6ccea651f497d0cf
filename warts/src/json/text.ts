const THREE_DIGITS = Array.from({ length: 1000 }, (_, n) => String(n).padStart(3, '0'));

/** Microseconds as milliseconds with exactly three decimals: 5 is `0.005`. */
export function milliseconds(us: number): string {
  const whole = Math.floor(us / 1000);
  return `${whole}.${THREE_DIGITS[us - whole * 1000] ?? ''}`;
}

/** Text as a JSON string. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

/** A router's name as scamper prints it: up to its first byte that is not printable ASCII. */
export function printableName(name: string): string {
  const printable = /^[ -~]*/.exec(name)?.[0] ?? '';
  return printable.replace(/["\\]/g, '\\$&');
}

/** A part of an object that is there only if its value is. */
export function optional(key: string, value: string | undefined): string {
  return value === undefined ? '' : `, "${key}":${value}`;
}

/** The name that a number has, as a JSON string; without a name, the number itself as a string. */
export function nameOf(names: readonly (string | undefined)[], value: number): string {
  return `"${names[value] ?? value}"`;
}

/** Names of the bits set in `flags`, lowest first; a bit without a name is its value. */
export function flagNames(names: readonly (string | undefined)[], flags: number, bits: number): string {
  const set: string[] = [];
  for (let bit = 0; bit < bits; bit++) {
    const value = 2 ** bit;
    const name = names[bit];
    if (Math.floor(flags / value) % 2 === 1) set.push(name === undefined ? String(value) : `"${name}"`);
  }
  return set.join(',');
}

/** Bytes as lower-case hexadecimal. */
export function hexadecimal(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte] ?? '';
  return text;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

let lastSecond = -1;
let lastLocalTime = '';

/** Seconds since 1970 as `YYYY-MM-DD HH:MM:SS` in local time (`TZ`). */
export function localTime(sec: number): string {
  if (sec !== lastSecond) {
    const at = new Date(sec * 1000);
    const two = (n: number): string => String(n).padStart(2, '0');
    const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
    lastLocalTime = `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
    lastSecond = sec;
  }
  return lastLocalTime;
}
