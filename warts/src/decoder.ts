import { WartsError, type WartsErrorCode } from './errors.js';
import { ByteQueue } from './queue.js';
import { Reader } from './reader.js';
import type { WartsRecord } from './record.js';
import { readDealias } from './records/dealias.js';
import {
  readAddressRecord,
  readCycleDefinition,
  readCycleStart,
  readCycleStop,
  readList,
} from './records/file.js';
import { readHost } from './records/host.js';
import { readHttp } from './records/http.js';
import { readNeighbour } from './records/neighbour.js';
import { readOwamp } from './records/owamp.js';
import { readPingFigures, type PingFigures } from './ping-figures.js';
import { readPing } from './records/ping.js';
import { readSniff } from './records/sniff.js';
import { readSting } from './records/sting.js';
import { readTbit } from './records/tbit.js';
import { readTrace } from './records/trace.js';
import { readTracelb } from './records/tracelb.js';
import type { SkippedRecord } from './records/types.js';
import { readUdpprobe } from './records/udpprobe.js';

/** What decoding may use before it stops with a `limit` error. */
export interface DecodeLimits {
  /** Records; without limit if not given. */
  maxRecords?: number;
  /** Bytes of input; without limit if not given. */
  maxBytes?: number;
  /** Milliseconds from the start of decoding; looked at between records. */
  deadlineMs?: number;
  /** Bytes of one record that is decoded; 8 MiB if not given. */
  maxRecordBytes?: number;
  /** Replies, hops, probes, addresses and the like in one record; 131 072 if not given: a ping has at most half. */
  maxRecordParts?: number;
}

const DEFAULT_MAX_RECORD_BYTES = 8 * 1024 * 1024;
const DEFAULT_MAX_RECORD_PARTS = 131_072;

const MAGIC = 0x1205;
const HEADER_BYTES = 8;
const DEADLINE_EVERY_RECORDS = 16;

/** @internal */
type RecordReader<Record> = (reader: Reader) => Record;
/** @internal */
type Readers<Record> = ReadonlyMap<number, RecordReader<Record>>;

/** A record of which only figures are wanted. */
export type FiguresRecord = Exclude<WartsRecord, { type: 'ping' }> | PingFigures;

/** How each record type but ping is read, by its number in warts(5). */
const OTHER_READERS: readonly [number, RecordReader<Exclude<WartsRecord, { type: 'ping' }>>][] = [
  [1, readList],
  [2, readCycleStart],
  [3, readCycleDefinition],
  [4, readCycleStop],
  [5, readAddressRecord],
  [6, readTrace],
  [8, readTracelb],
  [9, readDealias],
  [10, readNeighbour],
  [11, readTbit],
  [12, readSting],
  [13, readSniff],
  [14, readHost],
  [15, readHttp],
  [16, readUdpprobe],
  [17, readOwamp],
];
const RECORD_READERS: Readers<WartsRecord> = new Map<number, RecordReader<WartsRecord>>([
  ...OTHER_READERS,
  [7, readPing],
]);
const FIGURES_READERS: Readers<FiguresRecord> = new Map<number, RecordReader<FiguresRecord>>([
  ...OTHER_READERS,
  [7, readPingFigures],
]);

/** Record types that a dump looks at: all others are skipped, and what is wrong in them does not matter. */
export const DUMP_TYPES: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6]);

interface RecordHeader<Record> {
  type: number;
  length: number;
  read: RecordReader<Record> | undefined;
}

/** Decodes a file that comes in chunks of any size. Every error is a `WartsError`; after one, nothing more can be read. */
class ChunkDecoder<Record extends Pick<WartsRecord, 'unknown_parameters'>> {
  private readonly queue = new ByteQueue();
  private readonly reader: Reader;
  private readonly maxRecords: number;
  private readonly maxBytes: number;
  private readonly maxRecordBytes: number;
  private readonly deadline: number;
  /** Byte of the input at which the queue begins. */
  private offset = 0;
  private recordIndex = 0;
  private header: RecordHeader<Record> | undefined = undefined;
  private skipLeft = 0;
  private lastType = 0;
  private lastBodyAt = 0;
  private lastBodyBytes = 0;
  /** Bytes of the last record, its header included. */
  recordBytes = 0;

  /** @internal */
  constructor(
    private readonly readers: Readers<Record>,
    limits: DecodeLimits,
    private readonly types?: ReadonlySet<number>,
  ) {
    this.reader = new Reader(limits.maxRecordParts ?? DEFAULT_MAX_RECORD_PARTS);
    this.maxRecords = limits.maxRecords ?? Infinity;
    this.maxBytes = limits.maxBytes ?? Infinity;
    this.maxRecordBytes = limits.maxRecordBytes ?? DEFAULT_MAX_RECORD_BYTES;
    this.deadline = limits.deadlineMs === undefined ? Infinity : Date.now() + limits.deadlineMs;
  }

  /** The records that `chunk` completes. Take all of them before the next chunk. */
  *push(chunk: Uint8Array): Generator<Record | SkippedRecord, void, undefined> {
    this.queue.push(chunk);
    for (let record = this.next(); record !== undefined; record = this.next()) yield record;
  }

  /** A copy of the last record, its header included; of one that was skipped there is none. Call before the next chunk. */
  lastRecord(): Uint8Array {
    const bytes = new Uint8Array(HEADER_BYTES + this.lastBodyBytes);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, MAGIC);
    view.setUint16(2, this.lastType);
    view.setUint32(4, this.lastBodyBytes);
    const { lastBodyAt, lastBodyBytes } = this;
    bytes.set(this.queue.bytes.subarray(lastBodyAt, lastBodyAt + lastBodyBytes), HEADER_BYTES);
    return bytes;
  }

  /** Call after the last chunk: throws if the input ended inside a record, or was no warts file. */
  finish(): void {
    if (this.recordIndex === 0 && this.header === undefined && this.queue.length < 2) {
      this.fail('not-warts', 'no warts record');
    }
    if (this.header !== undefined || this.queue.length > 0) {
      this.fail('truncated', 'the input ends inside a record');
    }
  }

  private fail(code: WartsErrorCode, detail: string): never {
    throw new WartsError(code, detail, this.recordIndex, this.offset);
  }

  private next(): Record | SkippedRecord | undefined {
    const header = (this.header ??= this.nextHeader());
    if (header === undefined) return undefined;
    const record = header.read === undefined ? this.skip(header) : this.read(header, header.read);
    if (record === undefined) return undefined;
    this.header = undefined;
    this.recordIndex++;
    this.recordBytes = HEADER_BYTES + header.length;
    return record;
  }

  private nextHeader(): RecordHeader<Record> | undefined {
    const { queue } = this;
    if (queue.length < 2) return undefined;
    const { view, position } = queue;
    const magic = view.getUint16(position);
    if (magic !== MAGIC) {
      this.fail(
        this.recordIndex === 0 ? 'not-warts' : 'malformed',
        `0x${magic.toString(16)} where a record begins`,
      );
    }
    if (queue.length < HEADER_BYTES) return undefined;
    const type = view.getUint16(position + 2);
    const length = view.getUint32(position + 4);
    if (type === 0 || length === 0) this.fail('malformed', `record of type ${type} and length ${length}`);
    const wanted = this.types === undefined || this.types.has(type);
    const read = wanted ? this.readers.get(type) : undefined;
    this.checkLimits(length, read !== undefined);
    this.consume(HEADER_BYTES);
    this.skipLeft = read === undefined ? length : 0;
    return { type, length, read };
  }

  private checkLimits(length: number, isRead: boolean): void {
    if (this.recordIndex >= this.maxRecords) this.fail('limit', `more than ${this.maxRecords} records`);
    if (this.offset + HEADER_BYTES + length > this.maxBytes)
      this.fail('limit', `more than ${this.maxBytes} bytes`);
    if (isRead && length > this.maxRecordBytes) {
      this.fail('limit', `record of ${length} bytes, at most ${this.maxRecordBytes} are read`);
    }
    if (this.recordIndex % DEADLINE_EVERY_RECORDS === 0 && Date.now() > this.deadline) {
      this.fail('limit', 'no time left');
    }
  }

  private skip(header: RecordHeader<Record>): SkippedRecord | undefined {
    const count = Math.min(this.skipLeft, this.queue.length);
    this.consume(count);
    this.skipLeft -= count;
    if (this.skipLeft > 0) return undefined;
    return { type: 'skipped', wartsType: header.type, length: header.length };
  }

  private read(header: RecordHeader<Record>, read: RecordReader<Record>): Record | undefined {
    const { queue, reader } = this;
    if (queue.length < header.length) return undefined;
    reader.recordIndex = this.recordIndex;
    this.lastType = header.type;
    this.lastBodyAt = queue.position;
    this.lastBodyBytes = header.length;
    reader.begin(queue, header.length, this.offset);
    const record = read(reader);
    const unknown = reader.unknownParameters;
    if (unknown !== undefined) record.unknown_parameters = unknown;
    this.consume(header.length);
    return record;
  }

  private consume(count: number): void {
    this.queue.drop(count);
    this.offset += count;
  }
}

/** Decodes whole records. */
export class StreamDecoder extends ChunkDecoder<WartsRecord> {
  /** @param types that are read; all others are skipped. Absent: all are read */
  constructor(limits: DecodeLimits = {}, types?: ReadonlySet<number>) {
    super(RECORD_READERS, limits, types);
  }
}

/** Decodes pings to their figures, and other records as they are: with the same errors, in less time and memory. */
export class FiguresDecoder extends ChunkDecoder<FiguresRecord> {
  constructor(limits: DecodeLimits = {}) {
    super(FIGURES_READERS, limits);
  }
}
