import type { Address } from './address.js';
import type { Cycle, List } from './records/types.js';

/** What later records of a file refer to by number. Numbers count from 1; number 0 stands for none. @internal */
export class FileTables {
  /** Lists by number - 1. */
  readonly lists: List[] = [];
  /** Cycles by number - 1; a stopped cycle leaves a hole, for it can no longer be referred to. */
  readonly cycles: (Cycle | undefined)[] = [];
  /** Addresses of the deprecated address records (type 5), by number - 1. */
  readonly addresses: Address[] = [];
  /** Characters of long names that cycles have repeated so far. */
  longNames = 0;
}
