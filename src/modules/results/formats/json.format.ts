import { type DocumentDefinition, readDocument, type ReadEntry } from '@pladmed/protocol';
import { type Summary } from '../result.schema.js';
import { type Digest, type Format, MAX_SUMMARIES } from './format.js';

/**
 * A format that is a JSON document: checked by the schema that the probe wrote it by, shown as its list.
 * @param figuresOf what an entry has for a summary
 * @param withoutBasis the names of those that mean nothing beside the others; they are null in every summary
 */
export function jsonFormat<Entry>(
  definition: DocumentDefinition<Entry>,
  figuresOf: (entry: Entry) => Summary,
  withoutBasis: (summary: Summary) => readonly string[] = () => [],
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
    amend,

    digest(raw: Buffer): Digest {
      const entries = readDocument(definition, raw);
      if (typeof entries === 'string') return { summary: [], error: entries };
      const problems = entries.flatMap((entry) => ('unreadable' in entry ? [entry.unreadable.problem] : []));
      return {
        summary: entries.slice(0, MAX_SUMMARIES).map((entry) => summaryOfRead(entry)),
        ...(problems[0] !== undefined && { error: sentenceOf(definition.name, problems) }),
      };
    },

    present(raw: Buffer): string {
      const entries = readDocument(definition, raw);
      if (typeof entries === 'string') return JSON.stringify('');
      return JSON.stringify(entries.map((entry) => ('value' in entry ? entry.value : entry)));
    },
  };

  function summaryOfRead(entry: ReadEntry<Entry>): Summary {
    if ('value' in entry) return amend(figuresOf(entry.value));
    return { type: definition.name, error: `cannot be read: ${entry.unreadable.problem}` };
  }
}

function sentenceOf(name: string, [first = '', ...others]: string[]): string {
  const more = others.length === 0 ? '' : ` (and ${others.length} more that cannot be read)`;
  return `${name}: ${first}${more}`;
}
