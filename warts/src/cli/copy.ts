import { BlockList, isIP } from 'node:net';
import type { StreamDecoder } from '../decoder.js';
import { Encoder } from '../encode/index.js';
import type { WartsRecord } from '../record.js';
import { UsageError, type Command } from './command.js';
import type { Output } from './output.js';

/** Which records `filter` keeps; of what is not given, all. */
export interface Wanted {
  types?: ReadonlySet<string>;
  dst?: BlockList;
}

/**
 * Copies records as they are, but for the numbers of lists and cycles: those of the one file that comes out. Lists and
 * cycles are kept whatever is wanted.
 */
export class CopyCommand implements Command {
  private readonly encoder = new Encoder();

  constructor(private readonly wanted: Wanted = {}) {}

  use(record: WartsRecord, output: Output, decoder: StreamDecoder): void {
    switch (record.type) {
      case 'list':
      case 'cycle-start':
      case 'cycle-definition':
      case 'cycle-stop':
        output.raw(this.encoder.encode(record));
        break;
      case 'address':
        throw new Error('address records, which scamper wrote until 2010, cannot be copied');
      case 'skipped':
        process.stderr.write(`a record of type ${record.wartsType} is left out: nobody knows its lists\n`);
        break;
      default:
        if (this.isWanted(record)) output.raw(this.renumbered(record, decoder));
    }
  }

  private isWanted(record: WartsRecord): boolean {
    const { types, dst } = this.wanted;
    if (types !== undefined && !types.has(record.type)) return false;
    return dst === undefined || destinationsOf(record).some((text) => dst.check(text, familyOf(text)));
  }

  /** Parameters 1 and 2 of every type are the numbers of the list and the cycle, and stand first. */
  private renumbered(
    {
      list,
      cycle,
    }: Exclude<
      WartsRecord,
      { type: 'list' | 'cycle-start' | 'cycle-definition' | 'cycle-stop' | 'address' | 'skipped' }
    >,
    decoder: StreamDecoder,
  ): Uint8Array {
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

const HEADER_BYTES = 8;

function destinationsOf(record: WartsRecord): string[] {
  if (record.type === 'dealias') return record.definitions.map(({ dst }) => dst.toString());
  if (record.type === 'neighbourdisc') return record.dst_ip === undefined ? [] : [record.dst_ip.toString()];
  return 'dst' in record && record.dst !== undefined ? [record.dst.toString()] : [];
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** An address, or a prefix such as 192.0.2.0/24. */
export function parseDestination(text: string): BlockList {
  const [address = '', length, ...more] = text.split('/');
  const family = familyOf(address);
  const most = family === 'ipv6' ? 128 : 32;
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : NaN;
  if (isIP(address) === 0 || more.length > 0 || !(bits <= most)) {
    throw new UsageError(`--dst ${text}: an address or a prefix such as 192.0.2.0/24 must stand there`);
  }
  const list = new BlockList();
  list.addSubnet(address, bits, family);
  return list;
}
