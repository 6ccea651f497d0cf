/** Control characters (C0, DEL, C1), and those that turn the direction of text, hide in it or end a line. */
// eslint-disable-next-line no-control-regex -- these are what it is for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * Shows what a terminal would obey as text: `\x1b`, `\u202e`. A server, a probe or a measured host may have written it.
 * @see https://datatracker.ietf.org/doc/html/rfc3629 for the bytes, ECMA-48 for what they make terminals do
 */
export function safe(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.charCodeAt(0);
    const digits = code.toString(16);
    return code < 0x100 ? `\\x${digits.padStart(2, '0')}` : `\\u${digits.padStart(4, '0')}`;
  });
}

/** The same value with every text in it safe: what people read is made of nothing else. */
export function safeDeep<T>(value: T): T;
export function safeDeep(value: unknown): unknown {
  if (typeof value === 'string') return safe(value);
  if (Array.isArray(value)) return value.map((each: unknown) => safeDeep(each));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [safe(name), safeDeep(member)]));
}

/** One line of JSON that holds no character that a terminal obeys; any parser reads the same value. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Lines of text as they are but for what a terminal obeys: tabs and ends of lines stay. */
export function safeLines(text: string): string {
  return text
    .split(/(\r?\n|\t)/)
    .map((part, index) => (index % 2 === 1 ? part : safe(part)))
    .join('');
}
