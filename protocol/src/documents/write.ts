import type { z } from 'zod';
import { type DocumentDefinition } from './document.js';

/** Members of one entry that may be mended; what still does not fit then costs this entry on the other side. */
const MAX_REPAIRS = 100;
const MAX_ERROR_LENGTH = 256;

/**
 * Writes the document that readDocument() reads, each entry made to fit the schema of its kind first.
 * Text beyond its bound is cut off there. A member with any other value that the schema does not have is null, and `error` names it.
 * Entries beyond `maxEntries` are left out, and `left_out` counts them.
 * @returns JSON text, `{version: 1, <list>: [...]}`
 */
export function writeDocument<Entry>(
  { list, entry: schema, maxEntries }: DocumentDefinition<Entry>,
  entries: readonly object[],
): string {
  const kept = entries.slice(0, maxEntries).map((entry) => fitted(schema, entry));
  const leftOut = entries.length - kept.length;
  return JSON.stringify({ version: 1, [list]: kept, ...(leftOut > 0 && { left_out: leftOut }) });
}

function fitted(schema: z.ZodType, entry: object): object {
  let read = schema.safeParse(entry);
  if (read.success) return entry;
  // What it is made of belongs to the measurement, and stays as it was.
  const mended = structuredClone(entry) as Record<string, unknown>;
  const lost: string[] = [];
  for (let round = 0; !read.success && round < MAX_REPAIRS; round++) {
    const issue = read.error.issues[0];
    if (issue === undefined) break;
    const member = mend(mended, issue);
    if (member === undefined) break;
    if (member !== null && !lost.includes(member)) lost.push(member);
    read = schema.safeParse(mended);
  }
  if (lost.length > 0) noteError(mended, lost);
  return mended;
}

/** @returns the member whose value is lost; null where none is; undefined where the issue is of the entry as a whole */
function mend(entry: Record<string, unknown>, issue: z.core.$ZodIssue): string | null | undefined {
  const path = issue.path.map(String);
  const last = path.pop();
  const holder = last === undefined ? undefined : holderOf(entry, path);
  if (last === undefined || holder === undefined) return undefined;
  const value = holder[last];
  const isTooLong = issue.code === 'too_big' && (typeof value === 'string' || Array.isArray(value));
  holder[last] = isTooLong ? cutOff(value, Number(issue.maximum)) : null;
  return isTooLong ? null : [...path, last].join('.');
}

function holderOf(
  entry: Record<string, unknown>,
  path: readonly string[],
): Record<string, unknown> | undefined {
  let holder: unknown = entry;
  for (const key of path) holder = (holder as Record<string, unknown>)[key];
  return typeof holder === 'object' && holder !== null ? (holder as Record<string, unknown>) : undefined;
}

/** By characters, as the schema counts them: half of one is none. */
function cutOff(value: string | unknown[], length: number): string | unknown[] {
  return typeof value === 'string' ? [...value].slice(0, length).join('') : value.slice(0, length);
}

/** What the entry says already comes first: it is why there is less in it than there should be. */
function noteError(entry: Record<string, unknown>, lost: readonly string[]): void {
  const sentence = cutOff(`does not fit: ${lost.join(', ')}`, MAX_ERROR_LENGTH / 2) as string;
  const said = typeof entry['error'] === 'string' ? entry['error'] : '';
  const kept = cutOff(said, MAX_ERROR_LENGTH - sentence.length - 2) as string;
  entry['error'] = kept === '' ? sentence : `${kept}; ${sentence}`;
}
