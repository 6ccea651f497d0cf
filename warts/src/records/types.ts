import type { Address } from '../address.js';

/** A moment: seconds since 1970 and microseconds, both unsigned 32-bit. */
export interface Timeval {
  sec: number;
  usec: number;
}

/** The time of what was not recorded. @internal */
export const NO_TIME: Timeval = Object.freeze({ sec: 0, usec: 0 });

/** A list of targets (record type 1; warts(5), "list"). */
export interface List {
  id: number;
  name: string;
  description: string | undefined;
  monitor: string | undefined;
}

/** One pass through a list (record types 2 and 3; warts(5), "cycle"). */
export interface Cycle {
  id: number;
  list: List;
  start_sec: number;
  stop_sec: number | undefined;
  hostname: string | undefined;
}

export interface ListRecord {
  type: 'list';
  number: number;
  list: List;
}

export interface CycleStartRecord {
  type: 'cycle-start';
  number: number;
  cycle: Cycle;
}

export interface CycleDefinitionRecord {
  type: 'cycle-definition';
  number: number;
  cycle: Cycle;
}

export interface CycleStopRecord {
  type: 'cycle-stop';
  number: number;
  cycle: Cycle;
  stop_sec: number;
}

/** An address of the file's dictionary (record type 5), which scamper stopped writing in 2010. */
export interface AddressRecord {
  type: 'address';
  number: number;
  address: Address;
}

/** A record of a type that is not decoded; `length` is its body's, in bytes. */
export interface SkippedRecord {
  type: 'skipped';
  wartsType: number;
  length: number;
}
