import { DUMP_TYPES } from '../decoder.js';
import { DUMP_HEADER, recordToDumpRow } from '../dump.js';
import type { Command } from './command.js';

/** A row for each trace, and lines that begin with # for lists and cycles. */
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
