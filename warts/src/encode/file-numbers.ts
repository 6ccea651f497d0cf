import type { Cycle, List } from '../records/types.js';

/** The numbers that lists and cycles have in the file that is written; 0 is none. */
export interface FileNumbers {
  ofList(list: List | undefined): number;
  ofCycle(cycle: Cycle | undefined): number;
}
