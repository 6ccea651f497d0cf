import { LRUCache } from 'lru-cache';
import { type Presentation } from '../../../measurement/formats/format.js';
import { type ReadResult } from '../result-reader.js';
import { listIn, type ResultList } from './result-lists.repository.js';

/** A result as a listing shows it. */
export interface ListedResult {
  /** hexadecimal id */
  probe: string;
  /** JSON text of what it says; null: its raw bytes are not kept any more */
  text: string | null;
}

/** Some of one operation's results: those of a list, in order, whose texts are short, or one whose text is long. */
export interface ListedPart {
  /** hexadecimal id */
  operation: string;
  results: readonly ListedResult[];
  /** what it says is read by DecodedTexts.long */
  long?: ReadResult;
}

/** What is known of a result for as long as its raw bytes are kept. */
export interface KnownResult extends ListedResult {
  received_at: Date;
  /** a run that failed is not shown */
  isShown: boolean;
}

/** The results of a list as they were when it was read. */
export interface KnownList {
  /** hexadecimal id */
  operation: string;
  /** as MongoDB sent it */
  bytes: string;
  as: Presentation;
  /** those that are shown */
  parts: readonly ListedPart[];
  /** of each result of the list; undefined: it is long, was gone already, or is not remembered */
  known: readonly (KnownResult | undefined)[];
}

/** What results of short texts and their lists take in memory, in bytes, beside the texts. */
const LIST_BYTES = 500;
const RESULT_BYTES = 250;

/** What was listed lately, within a bound of memory. */
export class KnownLists {
  private readonly lists: LRUCache<string, KnownList>;

  /** @param mostMemory roughly, in bytes */
  constructor(mostMemory: number) {
    this.lists = new LRUCache({ maxSize: mostMemory, sizeCalculation: bytesOfList });
  }

  get bytes(): number {
    return this.lists.calculatedSize;
  }

  /** @param number which list of its operation it is, from 0 on */
  get(operation: string, number: number): KnownList | undefined {
    return this.lists.get(`${operation} ${number}`);
  }

  set(list: KnownList, number: number): void {
    this.lists.set(`${list.operation} ${number}`, list);
  }
}

/** By the names that `nameOf` gives. */
export function resultsOf({ bytes, known }: KnownList): Map<string, KnownResult> {
  const named = listIn(Buffer.from(bytes, 'latin1'));
  const results = new Map<string, KnownResult>();
  for (const [n, result] of known.entries()) if (result !== undefined) results.set(nameOf(named, n), result);
  return results;
}

/** A result that comes back under its id, from a file, comes at another time. */
export function nameOf({ ids, received_at }: ResultList, n: number): string {
  return `${ids[n]?.toHexString() ?? ''}${received_at[n]?.getTime() ?? ''}`;
}

export function bytesOf({ text }: KnownResult): number {
  // two for a character that is not Latin-1, and once more for what is made of it
  return RESULT_BYTES + 4 * (text?.length ?? 0);
}

function bytesOfList({ bytes, known }: KnownList): number {
  return known.reduce((sum, result) => sum + (result ? bytesOf(result) : 0), LIST_BYTES + bytes.length);
}
