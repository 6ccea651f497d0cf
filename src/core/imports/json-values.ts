import { JSONParser } from '@streamparser/json';
import { FileError } from './file-error.js';
import { beginningOf } from './unpack.js';

/** The longest line, or result of a document: raw bytes of 12 MB are 16 MB of base64. */
const MOST_CHARACTERS = 24 * 1024 * 1024;
/** Commas and brackets in it: each may become an object, which takes more memory than text does. */
const MOST_PARTS = 1_000_000;

/**
 * What a file has, one after the other: its lines, or the items of a document, which is a list or a page of our API.
 * @returns for a line that is no JSON its SyntaxError
 * @throws FileError behind what came before the damage
 */
export async function* jsonValues(source: AsyncIterable<Uint8Array>): AsyncGenerator<unknown, void> {
  const { begin, whole } = await beginningOf(source, 100);
  const text = Buffer.from(begin.subarray(0, 100)).toString('latin1').trimStart();
  if (text.startsWith('[')) yield* ofDocument(whole, '$.*');
  else if (/^\{\s*"items"\s*:/.test(text)) yield* ofDocument(whole, '$.items.*');
  else yield* ofLines(whole);
}

/** Bounds what one value takes. */
class Weight {
  private characters = 0;
  private parts = 0;

  /** @throws FileError */
  add(text: string): void {
    this.characters += text.length;
    this.parts += partsIn(text);
    if (this.characters > MOST_CHARACTERS)
      throw new FileError(`a result of more than ${MOST_CHARACTERS} characters`);
    if (this.parts > MOST_PARTS) throw new FileError(`a result of more than ${MOST_PARTS} members`);
  }

  reset(): void {
    this.characters = 0;
    this.parts = 0;
  }
}

const [COMMA, BRACKET, BRACE] = [0x2c, 0x5b, 0x7b];

function partsIn(text: string): number {
  let parts = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === COMMA || code === BRACKET || code === BRACE) parts += 1;
  }
  return parts;
}

/** What a decoder of text throws for bytes that are none. */
const INVALID = 'ERR_ENCODING_INVALID_ENCODED_DATA';

async function* ofDocument(source: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<unknown, void> {
  const parser = new JSONParser({ paths: [path], keepStack: false });
  const weight = new Weight();
  let found: unknown[] = [];
  parser.onValue = ({ value }) => {
    found.push(plain(value));
    weight.reset();
  };
  try {
    // as text: the parser ends inside a character whose bytes come in two chunks
    for await (const text of decoded(source)) {
      weight.add(text);
      parser.write(text);
      yield* found;
      found = [];
    }
    if (!parser.isEnded) throw new Error('it ends early');
  } catch (error) {
    yield* found;
    if (error instanceof FileError || isOfDisk(error)) throw error;
    throw new FileError(`damaged JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Takes away a prototype that the parser has made of a member `__proto__`: it assigns what JSON.parse defines. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (!Array.isArray(value)) Object.setPrototypeOf(value, Object.prototype);
  for (const each of Object.values(value)) plain(each);
  return value;
}

/** Errors of the disk have codes, those of the parser none. */
function isOfDisk(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).syscall !== undefined;
}

async function* ofLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<unknown, void> {
  const weight = new Weight();
  let pieces: string[] = [];
  for await (const text of decoded(source)) {
    const [end = '', ...lines] = text.split('\n');
    const last = lines.pop();
    weight.add(end);
    pieces.push(end);
    if (last === undefined) continue;
    yield* valueOf(pieces.join(''));
    for (const each of lines) yield* valueOf(each);
    weight.reset();
    weight.add(last);
    pieces = [last];
  }
  for (const value of valueOf(pieces.join(''))) {
    // a whole file ends with a line break, or at least with a whole line
    if (value instanceof SyntaxError) throw new FileError('the file ends inside a line');
    yield value;
  }
}

async function* decoded(source: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of source) yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === INVALID) throw new FileError('the file is not valid UTF-8');
    throw error;
  }
}

function* valueOf(line: string): Generator<unknown, void> {
  if (line.trim() === '') return;
  try {
    yield JSON.parse(line);
  } catch (error) {
    yield error;
  }
}
