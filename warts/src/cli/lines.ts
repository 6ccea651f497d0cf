import { DUMP_TYPES } from '../decoder.js';
import { DUMP_HEADER, recordToDumpRow } from '../dump.js';
import type { JsonDialect } from '../json/dialect.js';
import { recordToJson } from '../json/index.js';
import { isSummarizable, summarize } from '../summary.js';
import { CSV_COLUMNS, csvRow } from './csv.js';
import type { Command } from './command.js';

/** A line for each record that has one. */
export function jsonCommand(dialect: JsonDialect): Command {
  return {
    use(record, output) {
      const line = recordToJson(record, dialect);
      if (line !== undefined) output.line(line);
    },
  };
}

export const dumpCommand: Command = {
  types: DUMP_TYPES,
  begin: (output) => {
    output.line(DUMP_HEADER);
  },
  use(record, output) {
    const row = recordToDumpRow(record);
    if (row !== undefined) output.line(row);
  },
  cannotOpen: (name, output) => {
    output.line(`# unable to open ${name}`);
  },
};

/** The figures of each record that has some, as JSON. */
export const summaryCommand: Command = {
  use(record, output) {
    if (isSummarizable(record)) output.line(JSON.stringify(summarize(record)));
  },
};

/** The same as one table (RFC 4180, with line feeds). */
export const csvCommand: Command = {
  begin: (output) => {
    output.line(CSV_COLUMNS.join(','));
  },
  use(record, output) {
    if (isSummarizable(record)) output.line(csvRow(summarize(record)));
  },
};
