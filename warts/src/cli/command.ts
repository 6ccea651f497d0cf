import type { StreamDecoder } from '../decoder.js';
import type { WartsRecord } from '../record.js';
import type { Output } from './output.js';

/** What a command does with the records of its files. */
export interface Command {
  /** Types that are decoded; all if not given. */
  types?: ReadonlySet<number>;
  begin?(output: Output): void;
  /** @param decoder whose last record this is */
  use(record: WartsRecord, output: Output, decoder: StreamDecoder): void;
  /** A file that is no warts file, or could not be opened. */
  cannotOpen?(name: string, output: Output): void;
  end?(output: Output): void;
}

/** A word of the command line that makes no sense: its message says what would. */
export class UsageError extends Error {}
