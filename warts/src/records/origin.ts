import type { Address } from '../address.js';
import type { Reader } from '../reader.js';
import type { Cycle, List } from './types.js';

interface Origin {
  list: List | undefined;
  cycle: Cycle | undefined;
  userid: number;
}

interface Ends extends Origin {
  src: Address | undefined;
  dst: Address | undefined;
}

/** Parameters 1 to 3 of the types since neighbour discovery: whose measurement it is. @internal */
export function readOrigin(reader: Reader, target: Origin, id: number): boolean {
  if (id === 1) target.list = reader.list();
  else if (id === 2) target.cycle = reader.cycle();
  else if (id === 3) target.userid = reader.u32();
  else return false;
  return true;
}

/** Parameters 1 to 5 of types whose addresses have numbers in the record. @internal */
export function readEnds(reader: Reader, target: Ends, id: number): boolean {
  if (id === 4) target.src = reader.address();
  else if (id === 5) target.dst = reader.address();
  else return readOrigin(reader, target, id);
  return true;
}

/** The same of types whose addresses are always in full. @internal */
export function readUnnumberedEnds(reader: Reader, target: Ends, id: number): boolean {
  if (id === 4) target.src = reader.unnumberedAddress();
  else if (id === 5) target.dst = reader.unnumberedAddress();
  else return readOrigin(reader, target, id);
  return true;
}
