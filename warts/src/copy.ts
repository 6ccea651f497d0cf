import type { StreamDecoder } from './decoder.js';
import { Encoder } from './encode/index.js';
import type { WartsRecord } from './record.js';

/** A record that cannot stand in another file. */
export class CopyError extends Error {
  override readonly name = 'CopyError';
}

type Numbered = Exclude<
  WartsRecord,
  { type: 'list' | 'cycle-start' | 'cycle-definition' | 'cycle-stop' | 'address' | 'skipped' }
>;

const HEADER_BYTES = 8;

/**
 * Copies the records of several files into one, as they are but for the numbers of lists and cycles: those of the file that
 * comes out. Of lists that are equal one is written.
 */
export class RecordCopier {
  constructor(private readonly encoder = new Encoder(true)) {}

  /** Call between two files: what is copied with the one that is returned leaves this one as it is. */
  fork(): RecordCopier {
    return new RecordCopier(this.encoder.fork());
  }

  /** Call behind each file. */
  endFile(): void {
    this.encoder.endFile();
  }

  /**
   * @param decoder has read this record last
   * @returns its bytes, none for a list that is there already; undefined for an unknown type: nobody knows its lists
   * @throws {CopyError} for an address record: later records have a number in its place
   */
  copy(record: WartsRecord, decoder: StreamDecoder): Uint8Array | undefined {
    switch (record.type) {
      case 'list':
      case 'cycle-start':
      case 'cycle-definition':
      case 'cycle-stop':
        return this.encoder.encode(record);
      case 'address':
        throw new CopyError('address records, which scamper wrote until 2010, cannot be copied');
      case 'skipped':
        return undefined;
      default:
        return this.renumbered(record, decoder);
    }
  }

  /** A list with a text for who reads the file, which no record names: scamper's tools print none. */
  note(name: string, description: string): Uint8Array {
    const list = { id: 0, name, description, monitor: undefined };
    return this.encoder.encode({ type: 'list', number: 0, list });
  }

  /** Parameters 1 and 2 of every type are the numbers of the list and the cycle, and stand first. */
  private renumbered({ list, cycle }: Numbered, decoder: StreamDecoder): Uint8Array {
    const bytes = decoder.lastRecord();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = HEADER_BYTES;
    const flags = view.getUint8(at);
    if (flags === 0) return bytes;
    while (view.getUint8(at) & 0x80) at++;
    at += 3;
    if (flags & 1) {
      view.setUint32(at, this.encoder.ofList(list));
      at += 4;
    }
    if (flags & 2) view.setUint32(at, this.encoder.ofCycle(cycle));
    return bytes;
  }
}
