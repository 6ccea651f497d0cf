import { z } from 'zod';
import { type Summary } from '../result.schema.js';
import { type Digest, type Format, MAX_SUMMARIES } from './format.js';

/** What a format that is a JSON document states of itself. */
interface JsonFormatDefinition<Entry> {
  name: string;
  /** the member that lists what was measured */
  list: string;
  /** One entry of the list; a loose object keeps what this server does not know, to be shown. */
  entry: z.ZodType<Entry>;
  /** Entries that a document may have. */
  maxEntries: number;
  summaryOf: (entry: Entry) => Summary;
}

/** A member that we do not know is shown as it came, and whoever shows it goes down into it. */
const MAX_DEPTH = 32;

/** A format that is a UTF-8 JSON document, `{version: 1, <list>: [...]}`: checked by a schema, shown as its list. */
export function jsonFormat<Entry>(definition: JsonFormatDefinition<Entry>): Format {
  const { name, list, entry, maxEntries, summaryOf } = definition;
  const document = z.looseObject({ version: z.literal(1), [list]: z.array(entry).max(maxEntries) });

  /** @returns the entries, or what is wrong */
  function parse(raw: Buffer): Entry[] | string {
    if (isDeep(raw)) return `${name}: nested more than ${MAX_DEPTH} deep`;
    try {
      const parsed = document.safeParse(JSON.parse(raw.toString('utf8')));
      if (parsed.success) return parsed.data[list] as Entry[];
      const issue = parsed.error.issues[0];
      return `${name}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`;
    } catch {
      return `${name}: not JSON`;
    }
  }

  return {
    digest(raw: Buffer): Digest {
      const parsed = parse(raw);
      if (typeof parsed === 'string') return { summary: [], error: parsed };
      return { summary: parsed.slice(0, MAX_SUMMARIES).map(summaryOf) };
    },

    present(raw: Buffer): string {
      const parsed = parse(raw);
      return typeof parsed === 'string' ? JSON.stringify('') : JSON.stringify(parsed);
    },
  };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** Counts brackets outside strings: JSON.parse takes any depth, but JSON.stringify ends at the stack's. */
function isDeep(json: Buffer): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] ?? 0;
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (OPENING.has(byte)) {
      depth++;
      if (depth > MAX_DEPTH) return true;
    } else if (CLOSING.has(byte)) depth--;
  }
  return false;
}
