import { Broken } from '../../measuring/connection.js';

/** A header, its name in lower case; the value has a character for each byte. */
export interface Header {
  name: string;
  value: string;
}

const TOKEN = /^[!#$%&'*+.^_`|~\da-z-]+$/i;
// eslint-disable-next-line no-control-regex -- these are what is looked for
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f]/g;

/** What one line of a header is: the begin of one, more of the one before it, or nothing that can be used. */
export type HeaderLine = { begins: Header } | { continues: string } | 'nothing';

/**
 * Reads one line of a header as lenient clients do.
 * @param isFirst whether no header is before it that a folded line could continue (RFC 9112, section 5.2)
 * @returns the line, and words for what should not have been sent
 */
export function parseHeaderLine(bytes: string, isFirst: boolean): { line: HeaderLine; irregular: string[] } {
  // RFC 9110, section 5.5: a recipient replaces them before it does anything else.
  const text = bytes.replace(CONTROLS, ' ');
  const irregular = text === bytes ? [] : ['control_character'];
  if (isBlank(text.charCodeAt(0))) {
    irregular.push(isFirst ? 'leading_whitespace' : 'folded_header');
    return { line: isFirst ? 'nothing' : { continues: trimmed(text) }, irregular };
  }
  const colon = text.indexOf(':');
  if (colon === -1) return { line: 'nothing', irregular: [...irregular, 'header_without_colon'] };
  const name = text.slice(0, colon);
  if (!TOKEN.test(name)) irregular.push('bad_header_name');
  const begins = { name: trimmed(name).toLowerCase(), value: trimmed(text.slice(colon + 1)) };
  return { line: { begins }, irregular };
}

/** Spaces and tabs around a value are not part of it; a loop, since an expression for both ends takes the square of their number. */
export function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function valuesOf(headers: readonly Header[], name: string): string[] {
  return headers
    .filter((each) => each.name === name)
    .flatMap(({ value }) => value.split(','))
    .map(trimmed);
}

/** What Content-Length says, or null where it is not there, is no number, too large to be told or says two things. */
export function lengthOf(headers: readonly Header[]): number | null {
  const said = new Set(valuesOf(headers, 'content-length'));
  const [value = ''] = said;
  const length = Number(value);
  return said.size === 1 && /^\d+$/.test(value) && Number.isSafeInteger(length) ? length : null;
}

/**
 * How long a body is: RFC 9112, section 6.3, whose numbers stand beside each case.
 * @returns its bytes, Infinity until the connection is closed, or `chunked`
 * @throws Broken where Content-Length is what counts, and cannot be read or says two things
 */
export function bodyLength(
  method: string,
  status: number,
  version: string | null,
  headers: readonly Header[],
): { length: number | 'chunked'; irregular: string[] } {
  const codings = valuesOf(headers, 'transfer-encoding').map((coding) => coding.toLowerCase());
  // RFC 2616 had `identity` for none.
  const applied = codings.filter((coding) => coding !== '' && coding !== 'identity');
  const lengths = valuesOf(headers, 'content-length');
  const irregular: string[] = [];
  if (codings.length > 0 && lengths.length > 0) irregular.push('content_length_and_transfer_encoding');
  if (codings.length > 0 && version === '1.0') irregular.push('transfer_encoding_in_1.0');
  if (lengths.length > 1) irregular.push('repeated_content_length');
  // 1
  if (method === 'HEAD' || status === 101 || status === 204 || status === 304)
    return { length: 0, irregular };
  // 3, 4
  if (applied.length > 0)
    return { length: applied.at(-1) === 'chunked' ? 'chunked' : Number.POSITIVE_INFINITY, irregular };
  // 8
  if (lengths.length === 0) return { length: Number.POSITIVE_INFINITY, irregular };
  // 5, 6
  if (new Set(lengths).size > 1) throw new Broken('HPE_UNEXPECTED_CONTENT_LENGTH');
  if (!/^\d+$/.test(lengths[0] ?? '')) throw new Broken('HPE_INVALID_CONTENT_LENGTH');
  return { length: Number(lengths[0]), irregular };
}

/**
 * A value as text: UTF-8 where its bytes are that, which RFC 9110 leaves open, else a character for each byte.
 * @param most characters that are kept
 */
export function textOf(value: string, most: number): string {
  const bytes = Buffer.from(value, 'latin1');
  return [...decoded(bytes)].slice(0, most).join('');
}

function decoded(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}
