import { z } from 'zod';

/** What a kind states of the JSON document that its results are. */
export interface DocumentDefinition<Entry> {
  /** The format's name in an item of `results`. */
  readonly name: string;
  /** The member that lists what was measured. */
  readonly list: string;
  /** One entry of the list; a loose object, so that a member that this side does not know stays. */
  readonly entry: z.ZodType<Entry>;
  /** Entries that a document may have. */
  readonly maxEntries: number;
}

/** Where an entry stood that does not fit its schema. */
export interface UnreadableEntry {
  /** Its place in the list, from 0. */
  index: number;
  /** Which member is wrong, and how. */
  problem: string;
  /** As it came; not there for entries that are not in the document. */
  entry?: unknown;
}

export type ReadEntry<Entry> = { value: Entry } | { unreadable: UnreadableEntry };

/** JSON of this depth is read; a member that is not known is shown as it came, and its reader goes down into it. */
export const MAX_DOCUMENT_DEPTH = 32;
/** Values that a document may have: two bytes of text may become sixty of memory. A large one that a probe writes has 100,000. */
export const MAX_DOCUMENT_VALUES = 500_000;

const version = z.looseObject({ version: z.literal(1) });

export function defineDocument<Entry>(definition: DocumentDefinition<Entry>): DocumentDefinition<Entry> {
  return definition;
}

/**
 * Reads a document entry by entry: an entry that does not fit its schema costs that entry alone.
 * Entries beyond `maxEntries`, and those that the writer left out, are one more that cannot be read.
 * @param text UTF-8 JSON, `{version: 1, <list>: [...]}`
 * @returns the entries in their order, or a sentence that says why there are none
 */
export function readDocument<Entry>(
  { name, list, entry, maxEntries }: DocumentDefinition<Entry>,
  text: Uint8Array,
): ReadEntry<Entry>[] | string {
  const shape = shapeOf(text);
  if (shape.depth > MAX_DOCUMENT_DEPTH) return `${name}: nested more than ${MAX_DOCUMENT_DEPTH} deep`;
  if (shape.values > MAX_DOCUMENT_VALUES) return `${name}: more than ${MAX_DOCUMENT_VALUES} values`;
  const parsed = parseJson(text);
  if (parsed === undefined) return `${name}: not JSON`;
  const head = version.safeParse(parsed);
  if (!head.success) return `${name}: ${problemOf(head.error)}`;
  const entries = head.data[list];
  if (!Array.isArray(entries)) return `${name}: ${list}: must be an array`;
  const read = entries.slice(0, maxEntries).map((each: unknown, index): ReadEntry<Entry> => {
    const result = entry.safeParse(each);
    return result.success
      ? { value: result.data }
      : { unreadable: { index, problem: `${list}.${index}.${problemOf(result.error)}`, entry: each } };
  });
  const more = entries.length - read.length + leftOutOf(head.data);
  if (more > 0) {
    const problem = `${list}: ${more} more after the first ${read.length}, which is all that a document may have`;
    read.push({ unreadable: { index: read.length, problem } });
  }
  return read;
}

/** How many entries the writer had and did not send. */
function leftOutOf({ left_out }: Record<string, unknown>): number {
  return typeof left_out === 'number' && Number.isSafeInteger(left_out) && left_out > 0 ? left_out : 0;
}

function parseJson(text: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(text));
  } catch {
    return undefined;
  }
}

function problemOf(error: z.ZodError): string {
  const issue = error.issues[0];
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/**
 * Looks at brackets and commas outside strings, before anything is made of the text: JSON.parse takes any depth and any number,
 * but JSON.stringify ends at the stack's. It ends where either is too much.
 */
function shapeOf(json: Uint8Array): { depth: number; values: number } {
  let depth = 0;
  let values = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] ?? 0;
    if (byte === QUOTE) at = endOfString(json, at);
    else if (OPENING.has(byte)) {
      depth++;
      values++;
      if (depth > MAX_DOCUMENT_DEPTH) break;
    } else if (CLOSING.has(byte)) depth--;
    else if (byte === COMMA) values++;
    if (values > MAX_DOCUMENT_VALUES) break;
  }
  return { depth, values };
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
