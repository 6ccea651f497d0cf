import { type DocumentDefinition, openDocument, readDocument, type ReadEntry } from '@pladmed/protocol';
import { type Summary } from './summary.js';
import {
  type Digest,
  type Format,
  LargePartError,
  LargeResultError,
  MAX_SUMMARIES,
  type Presentation,
  type ReadingLimits,
} from './format.js';

/** An entry, and those behind it that belong to it. */
type Group<Entry> = [Entry, ...Entry[]];

/**
 * A format that is a JSON document: checked by the schema that the probe wrote it by, shown as its list.
 * @param rules the version of the rules of its summaries (Format.rules)
 * @param figuresOf what an entry, and those that continue it, have for a summary
 * @param withoutBasis the names of those that mean nothing beside the others; they are null in every summary
 * @param continues says whether an entry belongs to the one before it; none does if absent
 */
export function jsonFormat<Entry>(
  definition: DocumentDefinition<Entry>,
  rules: number,
  figuresOf: (entry: Entry, continued: readonly Entry[]) => Summary,
  withoutBasis: (summary: Summary) => readonly string[] = () => [],
  continues: (entry: Entry, before: Entry) => boolean = () => false,
): Format {
  const amend = (summary: Summary): Summary => ({
    ...summary,
    ...Object.fromEntries(
      withoutBasis(summary)
        .filter((name) => name in summary)
        .map((name) => [name, null]),
    ),
  });
  return {
    rules,
    amend,

    digest(raw: Buffer): Digest {
      const entries = readDocument(definition, raw);
      if (typeof entries === 'string') return { summary: [], error: entries };
      const problems = entries.flatMap((entry) => ('unreadable' in entry ? [entry.unreadable.problem] : []));
      return {
        summary: grouped(entries, continues)
          .slice(0, MAX_SUMMARIES)
          .map(([first, ...others]) => summaryOfRead(first, others)),
        // an entry is what was done for a destination
        ...(entries.length === 0 && { sentNothing: true }),
        ...(problems[0] !== undefined && { error: sentenceOf(definition.name, problems) }),
      };
    },

    // eslint-disable-next-line typescript/require-await -- others are read as they come
    async *present(raw: Buffer, _as: Presentation, { part, whole }: ReadingLimits = {}) {
      if (whole !== undefined && raw.length > whole) throw new LargeResultError(`${raw.length} bytes`);
      if (part !== undefined && raw.length > part) throw new LargePartError(`${raw.length} bytes`);
      const entries = openDocument(definition, raw);
      if (typeof entries === 'string') yield JSON.stringify('');
      else yield* listOf(entries);
    },
  };

  function summaryOfRead(entry: ReadEntry<Entry>, continued: readonly ReadEntry<Entry>[]): Summary {
    if ('unreadable' in entry) {
      return { type: definition.name, error: `cannot be read: ${entry.unreadable.problem}` };
    }
    const values = continued.flatMap((each) => ('value' in each ? [each.value] : []));
    return amend(figuresOf(entry.value, values));
  }
}

/** A list as JSON text, entry by entry. */
function* listOf<Entry>(entries: Iterable<ReadEntry<Entry>>): Generator<string, void> {
  let separator = '[';
  for (const entry of entries) {
    yield separator + JSON.stringify('value' in entry ? entry.value : entry);
    separator = ',';
  }
  yield separator === '[' ? '[]' : ']';
}

function grouped<Entry>(
  entries: readonly ReadEntry<Entry>[],
  continues: (entry: Entry, before: Entry) => boolean,
): Group<ReadEntry<Entry>>[] {
  const groups: Group<ReadEntry<Entry>>[] = [];
  for (const entry of entries) {
    const last = groups.at(-1);
    const before = last?.at(-1);
    const belongs =
      before !== undefined && 'value' in before && 'value' in entry && continues(entry.value, before.value);
    if (belongs) last?.push(entry);
    else groups.push([entry]);
  }
  return groups;
}

function sentenceOf(name: string, [first = '', ...others]: string[]): string {
  const more = others.length === 0 ? '' : ` (and ${others.length} more that cannot be read)`;
  return `${name}: ${first}${more}`;
}
