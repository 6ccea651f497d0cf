import { isSummarizable, summarize } from '../summary.js';
import type { Command } from './command.js';
import { CSV_COLUMNS, csvRow } from './csv.js';

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
