/** Depth and number of the values of a text. */
export interface Shape {
  depth: number;
  values: number;
}

/** A text with a list taken out of it: its entries can be read one by one. */
export interface Split {
  /** The text with an empty list. */
  rest: string;
  /** Where each entry begins and ends in the text. */
  entries: [from: number, to: number][];
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
  const entries = marks.slice(1).map((end, n): Split['entries'][0] => [(marks[n] ?? 0) + 1, end]);
  const isEmpty = entries.length === 1 && textOf(json, from + 1, to).trim() === '';
  const rest = textOf(json, 0, marks.length > 0 ? from + 1 : from) + textOf(json, to, json.length);
  return { rest, entries: isEmpty ? [] : entries };
}

/** @returns where the list's brackets stand, and the commas between its entries */
function marksOf(json: Uint8Array, list: string): number[] {
  let marks: number[] = [];
  let depth = 0;
  let isInList = false;
  let string: [number, number] = [0, 0];
  let key: [number, number] | undefined;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] ?? 0;
    if (byte === QUOTE) {
      const end = endOfString(json, at);
      string = [at, end + 1];
      at = end;
    } else if (byte === COLON && depth === MEMBERS) key = string;
    else if (OPENING.has(byte)) {
      depth++;
      if (byte === ARRAY && depth === ENTRIES && key !== undefined && isName(json, key, list)) {
        isInList = true;
        marks = [at];
      }
    } else if (CLOSING.has(byte)) {
      if (isInList && depth === ENTRIES) marks.push(at);
      depth--;
      isInList &&= depth >= ENTRIES;
    } else if (byte === COMMA && depth === MEMBERS) key = undefined;
    else if (byte === COMMA && isInList && depth === ENTRIES) marks.push(at);
  }
  return marks;
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

function isName(json: Uint8Array, [from, to]: [number, number], name: string): boolean {
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
