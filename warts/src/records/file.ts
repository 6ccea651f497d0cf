import { readParameters, type Reader } from '../reader.js';
import type {
  AddressRecord,
  Cycle,
  CycleDefinitionRecord,
  CycleStartRecord,
  CycleStopRecord,
  List,
  ListRecord,
} from './types.js';

/** A list record (type 1). Its number must be the next of the file. @internal */
export function readList(reader: Reader): ListRecord {
  const number = nextNumber(reader, reader.tables.lists.length, 'list');
  const list: List = { id: reader.u32(), name: reader.text(), description: undefined, monitor: undefined };
  readParameters(reader, list, readListParameter);
  reader.tables.lists.push(list);
  return { type: 'list', number, list };
}

function readListParameter(reader: Reader, list: List, id: number): boolean {
  if (id === 1) list.description = reader.text();
  else if (id === 2) list.monitor = reader.text();
  else return false;
  return true;
}

/** A cycle start record (type 2): the cycle began when this record was written. @internal */
export function readCycleStart(reader: Reader): CycleStartRecord {
  return { type: 'cycle-start', ...readCycle(reader) };
}

/** A cycle definition record (type 3): the cycle began in another file. @internal */
export function readCycleDefinition(reader: Reader): CycleDefinitionRecord {
  return { type: 'cycle-definition', ...readCycle(reader) };
}

function readCycle(reader: Reader): { number: number; cycle: Cycle } {
  const number = nextNumber(reader, reader.tables.cycles.length, 'cycle');
  const list = reader.list();
  if (list === undefined) reader.fail('reference', 'cycle without a list');
  const cycle: Cycle = {
    id: reader.u32(),
    list,
    start_sec: reader.u32(),
    stop_sec: undefined,
    hostname: undefined,
  };
  readParameters(reader, cycle, readCycleParameter);
  countNames(reader, cycle);
  reader.tables.cycles.push(cycle);
  return { number, cycle };
}

function readCycleParameter(reader: Reader, cycle: Cycle, id: number): boolean {
  if (id === 1) cycle.stop_sec = reader.u32();
  else if (id === 2) cycle.hostname = reader.text();
  else return false;
  return true;
}

/** A cycle stop record (type 4). From here on the cycle's number stands for nothing. @internal */
export function readCycleStop(reader: Reader): CycleStopRecord {
  const number = reader.u32();
  const cycle = reader.tables.cycles[number - 1];
  if (cycle === undefined) reader.fail('reference', `cycle ${number} is not defined`);
  countNames(reader, cycle);
  const stop_sec = reader.u32();
  // Flags of parameters, of which none is defined: scamper wants the byte there and does not look at it.
  reader.u8();
  reader.tables.cycles[number - 1] = undefined;
  return { type: 'cycle-stop', number, cycle, stop_sec };
}

const LONG_NAME = 1024;
const MAX_LONG_NAMES = 64 * 1024 * 1024;

/** A cycle's record prints its list's name: a long one named by many cycles would print as much as one likes. */
function countNames(reader: Reader, { list, hostname }: Cycle): void {
  const length = list.name.length + (hostname?.length ?? 0);
  if (length <= LONG_NAME) return;
  reader.tables.longNames += length;
  if (reader.tables.longNames > MAX_LONG_NAMES) reader.fail('limit', 'a long name is repeated too often');
}

/** An address record (type 5). The first byte repeats the low bits of the number and is not checked. @internal */
export function readAddressRecord(reader: Reader): AddressRecord {
  reader.u8();
  const address = reader.addressOfType();
  checkRoom(reader, reader.tables.addresses.length);
  const number = reader.tables.addresses.push(address);
  return { type: 'address', number, address };
}

function nextNumber(reader: Reader, known: number, kind: string): number {
  const number = reader.u32();
  checkRoom(reader, known);
  if (number !== known + 1) reader.fail('malformed', `${kind} ${number} follows ${kind} ${known}`);
  return number;
}

const MAX_TABLE_ENTRIES = 1_000_000;

function checkRoom(reader: Reader, known: number): void {
  if (known >= MAX_TABLE_ENTRIES) {
    reader.fail('limit', `more than ${MAX_TABLE_ENTRIES} lists, cycles or addresses in a file`);
  }
}
