/** Depth and number of the values of a text. */
export interface Shape {
  depth: number;
  values: number;
}

type Range = [from: number, to: number];

/** A text with a list taken out of it: its entries can be read one by one. */
export interface Split {
  /** The text with an empty list. */
  rest: string;
  /** Where each entry begins and ends in the text. */
  entries: Range[];
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const ARRAY = 0x5b;
const OPENING = new Set([ARRAY, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);
/** Of the members of the document, and of the entries of a list that is one of them. */
const MEMBERS = 1;
const ENTRIES = 2;

/**
 * Looks at brackets and commas outside strings, before anything is made of the text: JSON.parse takes any depth and any number,
 * but JSON.stringify ends at the stack's. It ends where either is too much.
 */
export function shapeOf(json: Uint8Array, most: Shape): Shape {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] ?? 0;
    if (byte === QUOTE) at = endOfString(json, at);
    else if (OPENING.has(byte)) {
      depth++;
      values++;
      if (depth > most.depth) break;
    } else if (CLOSING.has(byte)) depth--;
    else if (byte === COMMA) values++;
    if (values > most.values) break;
  }
  return { depth, values };
}

/**
 * Takes a list out of a document. Whether what is left, and each entry, is JSON, has still to be seen.
 * @param json UTF-8 JSON
 * @param list the name of a member of the document; of two of that name the last counts, as for JSON.parse
 */
export function split(json: Uint8Array, list: string): Split {
  const marks = marksOf(json, list);
  const [from, to] = [marks[0] ?? json.length, marks.at(-1) ?? json.length];
  const entries = marks.slice(1).map((end, n): Range => [(marks[n] ?? 0) + 1, end]);
  const isEmpty = entries.length === 1 && textOf(json, from + 1, to).trim() === '';
  const rest = textOf(json, 0, marks.length > 0 ? from + 1 : from) + textOf(json, to, json.length);
  return { rest, entries: isEmpty ? [] : entries };
}

/** @returns where the list's brackets stand, and the commas between its entries */
function marksOf(json: Uint8Array, list: string): number[] {
  let marks: number[] = [];
  let isInList = false;
  let key: Range | undefined;
  for (const { at, byte, depth, string } of punctuation(json)) {
    if (depth === MEMBERS) key = byte === COLON ? string : undefined;
    if (depth !== ENTRIES || byte === COLON) continue;
    if (isInList) marks.push(at);
    else if (byte === ARRAY && key !== undefined && isName(json, key, list)) {
      marks = [at];
      isInList = true;
    }
    isInList &&= !CLOSING.has(byte);
  }
  return marks;
}

interface Punctuation {
  at: number;
  byte: number;
  /** that of what a bracket opens or closes */
  depth: number;
  /** the last string before it */
  string: Range;
}

function* punctuation(json: Uint8Array): Generator<Punctuation, void> {
  let depth = 0;
  let string: Range = [0, 0];
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] ?? 0;
    if (byte === QUOTE) {
      const end = endOfString(json, at);
      string = [at, end + 1];
      at = end;
      continue;
    }
    const closes = CLOSING.has(byte);
    if (OPENING.has(byte)) depth++;
    else if (!closes && byte !== COMMA && byte !== COLON) continue;
    yield { at, byte, depth, string };
    if (closes) depth--;
  }
}

/** @param begin where its first quotation mark stands. @returns where its last one does */
function endOfString(json: Uint8Array, begin: number): number {
  for (let at = begin + 1; at < json.length; at++) {
    const byte = json[at];
    if (byte === BACKSLASH) at++;
    else if (byte === QUOTE) return at;
  }
  return json.length;
}

function isName(json: Uint8Array, [from, to]: Range, name: string): boolean {
  return parseJson(textOf(json, from, to)) === name;
}

export function textOf(json: Uint8Array, from: number, to: number): string {
  return new TextDecoder('utf-8', { ignoreBOM: from > 0 }).decode(json.subarray(from, to));
}

/** @returns undefined if it is none */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
