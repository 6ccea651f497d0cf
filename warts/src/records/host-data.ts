import type { Address } from '../address.js';
import { readParameters, type Reader } from '../reader.js';

/** A code and its bytes: an option of EDNS (RFC 6891), a parameter of a service binding (RFC 9460). */
export interface HostOption {
  code: number;
  data: Uint8Array;
}

export interface HostAddress {
  kind: 'address';
  address: Address;
}
export interface HostName {
  kind: 'name';
  name: string;
}
export interface HostSoa {
  kind: 'soa';
  mname: string | undefined;
  rname: string | undefined;
  serial: number;
  refresh_s: number;
  retry_s: number;
  expire_s: number;
  minimum_s: number;
}
export interface HostMx {
  kind: 'mx';
  preference: number;
  exchange: string | undefined;
}
export interface HostTxt {
  kind: 'txt';
  strings: Uint8Array[];
}
export interface HostOpt {
  kind: 'opt';
  options: HostOption[];
}
export interface HostSvcb {
  kind: 'svcb';
  priority: number;
  target: string | undefined;
  parameters: HostOption[];
}

/** The data of a resource record. */
export type HostData = HostAddress | HostName | HostSoa | HostMx | HostTxt | HostOpt | HostSvcb;

/** Kinds of data by their number in the record. */
const KINDS = [undefined, 'address', 'name', 'soa', 'mx', 'txt', 'opt', 'svcb'] as const;
type Kind = HostData['kind'];

/** Types of resource records that have data (RFC 1035 and later), in the class of the Internet. */
const INTERNET: ReadonlyMap<number, Kind> = new Map<number, Kind>([
  [1, 'address'],
  [28, 'address'],
  [2, 'name'],
  [5, 'name'],
  [12, 'name'],
  [6, 'soa'],
  [15, 'mx'],
  [16, 'txt'],
  [64, 'svcb'],
  [65, 'svcb'],
]);
const IN = 1;
const CHAOS = 3;
const TXT = 16;
const OPT = 41;

/** The kind of data that a resource record of this class and type has; undefined if none. @internal */
export function dataKind(rrclass: number, rrtype: number): Kind | undefined {
  if (rrtype === OPT) return 'opt';
  if (rrclass === IN) return INTERNET.get(rrtype);
  return rrclass === CHAOS && rrtype === TXT ? 'txt' : undefined;
}

/** Data of a kind, which must be the one that class and type ask for. @internal */
export function readHostData(reader: Reader, wanted: Kind | undefined): HostData {
  const number = reader.u16();
  if (wanted === undefined || KINDS[number] !== wanted) {
    reader.fail('malformed', `data of kind ${number} in a resource record`);
  }
  switch (wanted) {
    case 'address':
      return { kind: wanted, address: reader.address() };
    case 'name':
      return { kind: wanted, name: reader.text() };
    case 'soa':
      return readSoa(reader);
    case 'mx':
      return readMx(reader);
    case 'txt':
      return readTxt(reader);
    case 'opt':
      return readOpt(reader);
    case 'svcb':
      return readSvcb(reader);
  }
}

function readSoa(reader: Reader): HostSoa {
  const soa: HostSoa = {
    kind: 'soa',
    mname: undefined,
    rname: undefined,
    serial: 0,
    refresh_s: 0,
    retry_s: 0,
    expire_s: 0,
    minimum_s: 0,
  };
  readParameters(reader, soa, (_, target, id) => {
    if (id === 1) target.mname = reader.text();
    else if (id === 2) target.rname = reader.text();
    else if (id === 3) target.serial = reader.u32();
    else if (id === 4) target.refresh_s = reader.u32();
    else if (id === 5) target.retry_s = reader.u32();
    else if (id === 6) target.expire_s = reader.u32();
    else if (id === 7) target.minimum_s = reader.u32();
    else return false;
    return true;
  });
  return soa;
}

function readMx(reader: Reader): HostMx {
  const mx: HostMx = { kind: 'mx', preference: 0, exchange: undefined };
  readParameters(reader, mx, (_, target, id) => {
    if (id === 1) target.preference = reader.u16();
    else if (id === 2) target.exchange = reader.text();
    else return false;
    return true;
  });
  return mx;
}

function readTxt(reader: Reader): HostTxt {
  const txt = { count: 0, strings: [] as Uint8Array[] };
  readParameters(reader, txt, (_, target, id) => {
    if (id === 1) target.count = reader.u16();
    else if (id === 2) target.strings = several(reader, target.count, () => reader.copy(reader.u8()));
    else return false;
    return true;
  });
  return { kind: 'txt', strings: txt.strings };
}

function readOpt(reader: Reader): HostOpt {
  const opt = { count: 0, options: [] as HostOption[] };
  readParameters(reader, opt, (_, target, id) => {
    if (id === 1) target.count = reader.u16();
    else if (id === 2) target.options = several(reader, target.count, () => readOption(reader));
    else return false;
    return true;
  });
  return { kind: 'opt', options: opt.options };
}

function readSvcb(reader: Reader): HostSvcb {
  const svcb = {
    priority: 0,
    target: undefined as string | undefined,
    count: 0,
    parameters: [] as HostOption[],
  };
  readParameters(reader, svcb, (_, binding, id) => {
    if (id === 1) binding.priority = reader.u16();
    else if (id === 2) binding.target = reader.text();
    else if (id === 3) binding.count = reader.u16();
    else if (id === 4) binding.parameters = several(reader, binding.count, () => readOption(reader));
    else return false;
    return true;
  });
  return { kind: 'svcb', priority: svcb.priority, target: svcb.target, parameters: svcb.parameters };
}

function readOption(reader: Reader): HostOption {
  const code = reader.u16();
  return { code, data: reader.copy(reader.u16()) };
}

function several<T>(reader: Reader, count: number, read: () => T): T[] {
  const all: T[] = [];
  for (let left = count; left > 0; left--) {
    reader.countParts();
    all.push(read());
  }
  return all;
}
