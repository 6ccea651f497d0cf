import {
  type Cycle,
  EncodeError,
  Encoder,
  isEncodable,
  RecordCopier,
  StreamDecoder,
  WartsError,
  type WartsRecord,
} from '@pladmed/warts';

/** What stands before each record at the most: its list and its cycle. */
const MOST_BEFORE_BYTES = 4 * 1024;
const MOST_NAME = 100;

export interface WartsRecordFile {
  type: WartsRecord['type'];
  /** a file of its own: the record behind the list and the cycle that it names; absent: it is no measurement, or nobody knows its type */
  raw?: Buffer;
  /** why there is none of a measurement */
  problem?: string;
  /** when it was begun, by the clock of the host that measured */
  startedAt?: Date;
  /** the host that measured, where the file names it */
  monitor?: string;
}

type CycleType = 'cycle-start' | 'cycle-definition';
type Measurement = Exclude<WartsRecord, { type: 'list' | CycleType | 'cycle-stop' | 'address' | 'skipped' }>;

/** Takes a file of warts apart: what it makes of a record does not depend on where in the file that is. */
export class WartsRecords {
  private readonly decoder = new StreamDecoder();
  private readonly cycles = new WeakMap<Cycle, CycleType>();
  private hasAddresses = false;

  static isDamage(error: unknown): error is WartsError {
    return error instanceof WartsError;
  }

  /** @returns the records that this chunk completes; take all of them before the next. @throws WartsError */
  *push(chunk: Uint8Array): Generator<WartsRecordFile, void> {
    for (const record of this.decoder.push(chunk)) yield this.taken(record);
  }

  /** @throws WartsError where the file ends inside a record, or is none */
  finish(): void {
    this.decoder.finish();
  }

  private taken(record: WartsRecord): WartsRecordFile {
    switch (record.type) {
      case 'cycle-start':
      case 'cycle-definition':
        this.cycles.set(record.cycle, record.type);
        return { type: record.type };
      case 'address':
        this.hasAddresses = true;
        return { type: record.type };
      case 'list':
      case 'cycle-stop':
      case 'skipped':
        return { type: record.type };
      default:
        return this.measurement(record);
    }
  }

  private measurement(record: Measurement): WartsRecordFile {
    const { type } = record;
    const startedAt = startOf(record);
    const monitor = monitorOf(record);
    const facts = { type, ...(startedAt && { startedAt }), ...(monitor !== undefined && { monitor }) };
    try {
      return { ...facts, raw: this.fileOf(record) };
    } catch (error) {
      if (error instanceof EncodeError || error instanceof RangeError)
        return { ...facts, problem: error.message };
      throw error;
    }
  }

  /** @throws EncodeError, RangeError where it cannot stand in a file of its own */
  private fileOf(record: Measurement): Buffer {
    const encoder = new Encoder(true);
    const before = this.before(record, encoder);
    if (before.reduce((sum, { length }) => sum + length, 0) > MOST_BEFORE_BYTES)
      throw new RangeError(`its list and its cycle have more than ${MOST_BEFORE_BYTES} bytes`);
    return Buffer.concat([...before, this.bytesOf(record, encoder)]);
  }

  private before({ list, cycle }: Measurement, encoder: Encoder): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    if (list !== undefined) pieces.push(encoder.encode({ type: 'list', number: 0, list }));
    if (cycle !== undefined) {
      const type = this.cycles.get(cycle) ?? 'cycle-definition';
      pieces.push(encoder.encode({ type, number: 0, cycle }));
    }
    return pieces;
  }

  /** Records of a file with addresses by number, as scamper wrote them until 2010, are written anew. */
  private bytesOf(record: Measurement, encoder: Encoder): Uint8Array {
    if (!this.hasAddresses) return new RecordCopier(encoder).copy(record, this.decoder) ?? new Uint8Array(0);
    if (isEncodable(record)) return encoder.encode(record);
    throw new RangeError(`a ${record.type} of a file with address records cannot be taken out of it`);
  }
}

function startOf(record: Measurement): Date | undefined {
  const start = 'start' in record ? record.start : undefined;
  if (start === undefined || start.sec === 0) return undefined;
  return new Date(start.sec * 1000 + Math.floor(start.usec / 1000));
}

function monitorOf(record: Measurement): string | undefined {
  const { list, cycle } = record;
  const name = list?.monitor ?? cycle?.hostname;
  if (name !== undefined && name !== '') return name.slice(0, MOST_NAME);
  const source = 'src' in record ? record.src : undefined;
  return source === undefined ? undefined : String(source);
}
