import type { JsonDialect } from '../json/dialect.js';
import { writeJson } from '../json/write.js';
import type { Command } from './command.js';

/** A line for each record that has one. */
export function jsonCommand(dialect: JsonDialect): Command {
  return {
    use(record, output) {
      if (writeJson(output.text, record, dialect)) output.endLine();
    },
  };
}
