import { BlockList, isIP } from 'node:net';
import type { StreamDecoder } from '../decoder.js';
import { RecordCopier } from '../copy.js';
import type { WartsRecord } from '../record.js';
import { UsageError, type Command } from './command.js';
import type { Output } from './output.js';

/** Which records `filter` keeps; of what is not given, all. */
export interface Wanted {
  types?: ReadonlySet<string>;
  dst?: BlockList;
}

/** Joins files: see RecordCopier. */
export class CopyCommand implements Command {
  private readonly copier = new RecordCopier();

  constructor(private readonly wanted: Wanted = {}) {}

  use(record: WartsRecord, output: Output, decoder: StreamDecoder): void {
    if (!isAboutTheFile(record) && !this.isWanted(record)) return;
    const bytes = this.copier.copy(record, decoder);
    if (bytes !== undefined) output.raw(bytes);
    else if (record.type === 'skipped')
      process.stderr.write(`a record of type ${record.wartsType} is left out: nobody knows its lists\n`);
  }

  private isWanted(record: WartsRecord): boolean {
    const { types, dst } = this.wanted;
    if (types !== undefined && !types.has(record.type)) return false;
    return dst === undefined || destinationsOf(record).some((text) => dst.check(text, familyOf(text)));
  }
}

/** Lists and cycles are kept whatever is wanted; of what cannot be copied its user hears. */
function isAboutTheFile({ type }: WartsRecord): boolean {
  return type === 'list' || type.startsWith('cycle-') || type === 'address' || type === 'skipped';
}

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
