import { z } from 'zod';
import { parseJson, shapeOf, split, type Split, textOf } from './split.js';

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
  /** As it came; not there for one that is too large or no JSON, and for entries that are not in the document. */
  entry?: unknown;
}

export type ReadEntry<Entry> = { value: Entry } | { unreadable: UnreadableEntry };

/** JSON of this depth is read; a member that is not known is shown as it came, and its reader goes down into it. */
export const MAX_DOCUMENT_DEPTH = 32;
/** Values that a document may have: two bytes of text may become sixty of memory. A large one that a probe writes has 100,000. */
export const MAX_DOCUMENT_VALUES = 500_000;
/** An entry is in memory as a whole. The largest that a probe writes has a DNS message of 64 KiB, or the headers of an answer. */
export const MAX_ENTRY_BYTES = 1024 * 1024;
export const MAX_ENTRY_VALUES = 50_000;

const version = z.looseObject({ version: z.literal(1) });

export function defineDocument<Entry>(definition: DocumentDefinition<Entry>): DocumentDefinition<Entry> {
  return definition;
}

/**
 * Reads a document as a whole.
 * @param text UTF-8 JSON, `{version: 1, <list>: [...]}`
 * @returns the entries in their order, or a sentence that says why there are none
 */
export function readDocument<Entry>(
  definition: DocumentDefinition<Entry>,
  text: Uint8Array,
): ReadEntry<Entry>[] | string {
  const entries = openDocument(definition, text);
  return typeof entries === 'string' ? entries : [...entries];
}

/**
 * Reads a document entry by entry: one that does not fit its schema costs that entry alone, and one is in memory at a time.
 * Entries beyond `maxEntries`, and those that the writer left out, are one more that cannot be read.
 * @param text UTF-8 JSON, `{version: 1, <list>: [...]}`
 * @returns the entries in their order, or a sentence that says why there are none
 */
export function openDocument<Entry>(
  definition: DocumentDefinition<Entry>,
  text: Uint8Array,
): Iterable<ReadEntry<Entry>> | string {
  const { name, list } = definition;
  const shape = shapeOf(text, { depth: MAX_DOCUMENT_DEPTH, values: MAX_DOCUMENT_VALUES });
  if (shape.depth > MAX_DOCUMENT_DEPTH) return `${name}: nested more than ${MAX_DOCUMENT_DEPTH} deep`;
  if (shape.values > MAX_DOCUMENT_VALUES) return `${name}: more than ${MAX_DOCUMENT_VALUES} values`;
  const { rest, entries } = split(text, list);
  if (rest.length > MAX_ENTRY_BYTES)
    return `${name}: more than ${MAX_ENTRY_BYTES} bytes beside ${list}, which is not one array`;
  const parsed = parseJson(rest);
  if (parsed === undefined) return `${name}: not JSON`;
  const head = version.safeParse(parsed);
  if (!head.success) return `${name}: ${problemOf(head.error)}`;
  if (!Array.isArray(head.data[list])) return `${name}: ${list}: must be an array`;
  return readEntries(definition, text, entries, leftOutOf(head.data));
}

function* readEntries<Entry>(
  { list, entry, maxEntries }: DocumentDefinition<Entry>,
  text: Uint8Array,
  entries: Split['entries'],
  leftOut: number,
): Generator<ReadEntry<Entry>, void> {
  const count = Math.min(entries.length, maxEntries);
  for (const [index, [from, to]] of entries.slice(0, count).entries()) {
    const problem = tooMuchIn(text.subarray(from, to));
    const each = problem === undefined ? parseJson(textOf(text, from, to)) : undefined;
    if (each === undefined) {
      yield { unreadable: { index, problem: `${list}.${index}: ${problem ?? 'not JSON'}` } };
      continue;
    }
    const result = entry.safeParse(each);
    yield result.success
      ? { value: result.data }
      : { unreadable: { index, problem: `${list}.${index}.${problemOf(result.error)}`, entry: each } };
  }
  const more = entries.length - count + leftOut;
  if (more === 0) return;
  const problem = `${list}: ${more} more after the first ${count}, which is all that a document may have`;
  yield { unreadable: { index: count, problem } };
}

/** @returns why an entry is not read; undefined: it is */
function tooMuchIn(entry: Uint8Array): string | undefined {
  if (entry.length > MAX_ENTRY_BYTES) return `more than ${MAX_ENTRY_BYTES} bytes`;
  const { values } = shapeOf(entry, { depth: Infinity, values: MAX_ENTRY_VALUES });
  return values > MAX_ENTRY_VALUES ? `more than ${MAX_ENTRY_VALUES} values` : undefined;
}

/** How many entries the writer had and did not send. */
function leftOutOf({ left_out }: Record<string, unknown>): number {
  return typeof left_out === 'number' && Number.isSafeInteger(left_out) && left_out > 0 ? left_out : 0;
}

function problemOf(error: z.ZodError): string {
  const issue = error.issues[0];
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`;
}
