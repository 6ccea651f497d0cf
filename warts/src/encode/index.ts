import type { WartsRecord } from '../record.js';
import type { PingRecord } from '../records/ping.js';
import type { TraceRecord } from '../records/trace.js';
import type {
  Cycle,
  CycleDefinitionRecord,
  CycleStartRecord,
  CycleStopRecord,
  List,
  ListRecord,
} from '../records/types.js';
import { ByteWriter, EncodeError } from './byte-writer.js';
import type { FileNumbers } from './file-numbers.js';
import { writePing } from './ping.js';
import { writeTrace } from './trace.js';

export { EncodeError } from './byte-writer.js';

/** Records that can be written. */
export type EncodableRecord =
  | ListRecord
  | CycleStartRecord
  | CycleDefinitionRecord
  | CycleStopRecord
  | PingRecord
  | TraceRecord;

const TYPES = {
  list: 1,
  'cycle-start': 2,
  'cycle-definition': 3,
  'cycle-stop': 4,
  trace: 6,
  ping: 7,
} as const;
const MAGIC = 0x1205;
const HEADER_BYTES = 8;

/** Whether the encoder knows a record's type. */
export function isEncodable(record: WartsRecord): record is EncodableRecord {
  return Object.hasOwn(TYPES, record.type);
}

/**
 * A warts file of lists, cycles, pings and traceroutes, as scamper 20260420 writes them; scamper 20211212 reads it too.
 * What `decode` makes of it equals the records, but for `unknown_parameters`, which are not written.
 * @throws {EncodeError} for a value that the format has no room for
 */
export function encode(records: Iterable<EncodableRecord>): Uint8Array {
  const encoder = new Encoder();
  const parts: Uint8Array[] = [];
  for (const record of records) parts.push(encoder.encode(record));
  return joined(parts);
}

/** So many different lists are known again in a later file; a longer text than this is not. */
const MOST_KNOWN_LISTS = 1_000;
const MOST_KNOWN_CHARACTERS = 1_024;

/** Writes one file record by record, and gives lists and cycles their numbers in it. */
export class Encoder implements FileNumbers {
  private listCount = 0;
  private cycleCount = 0;
  private readonly lists = new Map<List, number>();
  private readonly cycles = new Map<Cycle, number>();
  /** numbers of lists by what they say */
  private known = new Map<string, number>();
  private parts: Uint8Array[] = [];

  /** @param joinsLists a list that is equal to one of the last 1,000 different ones is not written again, as scamper does it */
  constructor(private readonly joinsLists = false) {}

  /** Call between two files: what is written with the one that is returned leaves this one as it is. */
  fork(): Encoder {
    const copy = new Encoder(this.joinsLists);
    copy.listCount = this.listCount;
    copy.cycleCount = this.cycleCount;
    copy.known = new Map(this.known);
    return copy;
  }

  /** Call behind each file of several that become one: nothing names its lists and cycles from here on. */
  endFile(): void {
    this.lists.clear();
    this.cycles.clear();
  }

  /** The record's bytes, behind those of a list or cycle that it names and that was not written before. */
  encode(record: EncodableRecord): Uint8Array {
    this.parts = [];
    this.add(record);
    const [only, ...more] = this.parts;
    if (only === undefined) return new Uint8Array(0);
    return more.length === 0 ? only : joined(this.parts);
  }

  /** The number of a list, which is written now if it was not before. */
  ofList(list: List | undefined): number {
    if (list === undefined) return 0;
    return this.lists.get(list) ?? this.addList(list);
  }

  /** The same of a cycle: one that was not started in this file is defined. */
  ofCycle(cycle: Cycle | undefined): number {
    if (cycle === undefined) return 0;
    return this.cycles.get(cycle) ?? this.addCycle('cycle-definition', cycle);
  }

  private add(record: EncodableRecord): void {
    switch (record.type) {
      case 'list':
        this.defineList(record.list);
        break;
      case 'cycle-start':
      case 'cycle-definition':
        this.addCycle(record.type, record.cycle);
        break;
      case 'cycle-stop':
        this.addStop(record);
        break;
      case 'ping':
        this.addBody('ping', (out) => {
          writePing(out, record, this);
        });
        break;
      case 'trace':
        this.addBody('trace', (out) => {
          writeTrace(out, record, this);
        });
        break;
    }
  }

  private defineList(list: List): void {
    const { id, name, description = null, monitor = null } = list;
    const text = this.joinsLists ? JSON.stringify([id, name, description, monitor]) : '';
    const mayBeKnown = text !== '' && text.length <= MOST_KNOWN_CHARACTERS;
    const known = mayBeKnown ? this.known.get(text) : undefined;
    if (known !== undefined) {
      this.lists.set(list, known);
      return;
    }
    const number = this.addList(list);
    if (!mayBeKnown) return;
    this.known.set(text, number);
    const [oldest] = this.known.keys();
    if (this.known.size > MOST_KNOWN_LISTS && oldest !== undefined) this.known.delete(oldest);
  }

  private addList(list: List): number {
    const { id, name, description, monitor } = list;
    const number = ++this.listCount;
    this.addBody('list', (out) => {
      out.u32(number);
      out.u32(id);
      out.text(name);
      out.parameters([
        description === undefined ? undefined : [1, () => out.text(description)],
        monitor === undefined ? undefined : [2, () => out.text(monitor)],
      ]);
    });
    this.lists.set(list, number);
    return number;
  }

  private addCycle(type: 'cycle-start' | 'cycle-definition', cycle: Cycle): number {
    const { id, start_sec, stop_sec, hostname } = cycle;
    const listNumber = this.ofList(cycle.list);
    const number = ++this.cycleCount;
    this.addBody(type, (out) => {
      out.u32(number);
      out.u32(listNumber);
      out.u32(id);
      out.u32(start_sec);
      out.parameters([
        stop_sec === undefined ? undefined : [1, () => out.u32(stop_sec)],
        hostname === undefined ? undefined : [2, () => out.text(hostname)],
      ]);
    });
    this.cycles.set(cycle, number);
    return number;
  }

  private addStop({ cycle, stop_sec }: CycleStopRecord): void {
    const number = this.ofCycle(cycle);
    this.addBody('cycle-stop', (out) => {
      out.u32(number);
      out.u32(stop_sec);
      out.parameters([]);
    });
    this.cycles.delete(cycle);
  }

  /** Write a body first: it may name a list that has to stand before it. */
  private addBody(type: keyof typeof TYPES, write: (out: ByteWriter) => void): void {
    const out = new ByteWriter();
    write(out);
    const body = out.finish();
    if (body.length === 0) throw new EncodeError(`empty ${type}`);
    const record = new Uint8Array(HEADER_BYTES + body.length);
    const view = new DataView(record.buffer);
    view.setUint16(0, MAGIC);
    view.setUint16(2, TYPES[type]);
    view.setUint32(4, body.length);
    record.set(body, HEADER_BYTES);
    this.parts.push(record);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
