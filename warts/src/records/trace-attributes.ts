import type { Address } from '../address.js';
import { readParameters, type Reader } from '../reader.js';
import { readHops, type TraceHop } from './hop.js';

/** A step of path MTU discovery: what the MTU was found to be, and the answer that told. */
export interface PmtudNote {
  type: number;
  next_hop_mtu_bytes: number;
  /** The answer, of `TracePmtud.hops`, counted from 0; undefined if nothing answered. */
  hop: number | undefined;
}

/** Path MTU discovery after a traceroute (warts(5), "PMTUD"). */
export interface TracePmtud {
  version: number;
  /** MTU of the interface, of the path, and of the path out of the host if it is smaller than the interface's. */
  interface_mtu_bytes: number;
  path_mtu_bytes: number;
  out_mtu_bytes: number;
  note_count: number;
  notes: PmtudNote[];
  hops: TraceHop[];
}

/** What doubletree stopped at (warts(5), "doubletree"). */
export interface Doubletree {
  local_stop: Address | undefined;
  global_stop: Address | undefined;
  local_stop_set: string | undefined;
  first_hop: number;
  flags: number;
}

/** Where the attributes of a trace are kept. */
export interface TraceAttributes {
  pmtud: TracePmtud | undefined;
  last_ditch: TraceHop[];
  doubletree: Doubletree | undefined;
}

const PMTUD = 1;
const LAST_DITCH = 2;
const DOUBLETREE = 3;

/**
 * Attributes after the hops: u16 (type << 12 | length) each, until 0. The man page has types 1 and 2 the other way
 * round than scamper writes them.
 * @internal
 */
export function readTraceAttributes(reader: Reader, trace: TraceAttributes): void {
  for (let header = reader.u16(); header !== 0; header = reader.u16()) {
    const end = reader.pos + (header & 0xfff);
    readAttribute(reader, trace, header >>> 12);
    reader.seek(end);
  }
}

function readAttribute(reader: Reader, trace: TraceAttributes, type: number): void {
  if (type === PMTUD) trace.pmtud = readPmtud(reader);
  else if (type === LAST_DITCH) trace.last_ditch = readLastDitch(reader);
  else if (type === DOUBLETREE) trace.doubletree = readDoubletree(reader);
}

/** A parameter block in which nothing is defined yet, then hops. */
function readLastDitch(reader: Reader): TraceHop[] {
  readParameters(reader, undefined, () => false);
  return readHops(reader);
}

function readPmtud(reader: Reader): TracePmtud {
  const pmtud: TracePmtud = {
    version: 1,
    interface_mtu_bytes: 0,
    path_mtu_bytes: 0,
    out_mtu_bytes: 0,
    note_count: 0,
    notes: [],
    hops: [],
  };
  readParameters(reader, pmtud, readPmtudParameter);
  pmtud.hops = readHops(reader);
  for (let left = pmtud.note_count; left > 0; left--) pmtud.notes.push(readNote(reader, pmtud.hops.length));
  return pmtud;
}

function readPmtudParameter(reader: Reader, pmtud: TracePmtud, id: number): boolean {
  if (id === 1) pmtud.interface_mtu_bytes = reader.u16();
  else if (id === 2) pmtud.path_mtu_bytes = reader.u16();
  else if (id === 3) pmtud.out_mtu_bytes = reader.u16();
  else if (id === 4) pmtud.version = reader.u8();
  else if (id === 5) pmtud.note_count = reader.u8();
  else return false;
  return true;
}

function readNote(reader: Reader, hopCount: number): PmtudNote {
  const note: PmtudNote = { type: 0, next_hop_mtu_bytes: 0, hop: undefined };
  readParameters(reader, note, readNoteParameter);
  if (note.hop !== undefined && note.hop >= hopCount) {
    reader.fail('reference', `hop ${note.hop} of ${hopCount} in a PMTUD note`);
  }
  return note;
}

function readNoteParameter(reader: Reader, note: PmtudNote, id: number): boolean {
  if (id === 1) note.type = reader.u8();
  else if (id === 2) note.next_hop_mtu_bytes = reader.u16();
  else if (id === 3) note.hop = reader.u16();
  else return false;
  return true;
}

function readDoubletree(reader: Reader): Doubletree {
  const doubletree: Doubletree = {
    local_stop: undefined,
    global_stop: undefined,
    local_stop_set: undefined,
    first_hop: 0,
    flags: 0,
  };
  readParameters(reader, doubletree, readDoubletreeParameter);
  return doubletree;
}

function readDoubletreeParameter(reader: Reader, doubletree: Doubletree, id: number): boolean {
  switch (id) {
    case 1:
      doubletree.local_stop = reader.globalAddress();
      break;
    case 2:
      doubletree.global_stop = reader.globalAddress();
      break;
    case 3:
      doubletree.first_hop = reader.u8();
      break;
    case 4:
      doubletree.local_stop = reader.address();
      break;
    case 5:
      doubletree.global_stop = reader.address();
      break;
    case 6:
      doubletree.local_stop_set = reader.text();
      break;
    case 7:
      doubletree.flags = reader.u8();
      break;
    default:
      return false;
  }
  return true;
}
