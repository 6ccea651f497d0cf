import type { Address } from '../address.js';
import { readParameters, type Reader } from '../reader.js';
import { dataKind, readHostData, type HostData } from './host-data.js';
import { readEnds } from './origin.js';
import { NO_TIME, type Cycle, type List, type Timeval } from './types.js';

/** A resource record of an answer (RFC 1035, section 4.1.3). */
export interface HostResourceRecord {
  class: number;
  rrtype: number;
  name: string;
  ttl_s: number;
  /** undefined for types whose data scamper does not keep. */
  data: HostData | undefined;
}

/** A query, and its answer; of one without, `rx` is 0. */
export interface HostQuery {
  tx: Timeval;
  rx: Timeval;
  id: number;
  rcode: number;
  /** 0x01 CD, 02 AD, 04 Z, 08 RA, 10 RD, 20 TC, 40 AA: see `json` for their names. */
  flags: number;
  answers: HostResourceRecord[];
  authorities: HostResourceRecord[];
  additionals: HostResourceRecord[];
}

/** A DNS lookup (record type 14). Numbers left out are 0. */
export interface HostRecord {
  type: 'host';
  list: List | undefined;
  cycle: Cycle | undefined;
  userid: number;
  src: Address | undefined;
  /** The server that was asked. */
  dst: Address;
  start: Timeval;
  /** 1: no recursion desired; 2: over TCP; 4: the server's name wanted (RFC 5001). */
  flags: number;
  wait_ms: number;
  /** 0-4: none, done, timeout, halted, error. */
  stop: number;
  retries: number;
  qtype: number;
  qclass: number;
  qname: string | undefined;
  /** EDNS client subnet (RFC 7871), as asked for. */
  ecs: string | undefined;
  error: string | undefined;
  queries: HostQuery[];
}

type Draft = Omit<HostRecord, 'dst'> & { dst: Address | undefined; query_count: number };

/** Read a host record's body. @internal */
export function readHost(reader: Reader): HostRecord {
  const draft: Draft = {
    type: 'host',
    list: undefined,
    cycle: undefined,
    userid: 0,
    src: undefined,
    dst: undefined,
    start: NO_TIME,
    flags: 0,
    wait_ms: 0,
    stop: 0,
    retries: 0,
    qtype: 0,
    qclass: 0,
    qname: undefined,
    ecs: undefined,
    error: undefined,
    queries: [],
    query_count: 0,
  };
  readParameters(reader, draft, readParameter);
  const { dst, query_count, ...rest } = draft;
  if (dst === undefined) reader.fail('malformed', 'host without a server');
  const host: HostRecord = { ...rest, dst };
  for (let left = query_count; left > 0; left--) host.queries.push(readQuery(reader));
  return host;
}

interface QueryHeader {
  tx: Timeval;
  rx: Timeval;
  id: number;
  answer_count: number;
  authority_count: number;
  additional_count: number;
  rcode: number;
  flags: number;
}

function readQuery(reader: Reader): HostQuery {
  const header: QueryHeader = {
    tx: NO_TIME,
    rx: NO_TIME,
    id: 0,
    answer_count: 0,
    authority_count: 0,
    additional_count: 0,
    rcode: 0,
    flags: 0,
  };
  reader.countParts();
  readParameters(reader, header, readQueryParameter);
  const { tx, rx, id, rcode, flags } = header;
  const answers = readResourceRecords(reader, header.answer_count);
  const authorities = readResourceRecords(reader, header.authority_count);
  const additionals = readResourceRecords(reader, header.additional_count);
  return { tx, rx, id, rcode, flags, answers, authorities, additionals };
}

function readResourceRecords(reader: Reader, count: number): HostResourceRecord[] {
  const records: HostResourceRecord[] = [];
  for (let left = count; left > 0; left--) records.push(readResourceRecord(reader));
  return records;
}

function readResourceRecord(reader: Reader): HostResourceRecord {
  const draft: Omit<HostResourceRecord, 'name'> & { name: string | undefined } = {
    class: 0,
    rrtype: 0,
    name: undefined,
    ttl_s: 0,
    data: undefined,
  };
  reader.countParts();
  readParameters(reader, draft, (_, target, id) => {
    if (id === 1) target.class = reader.u16();
    else if (id === 2) target.rrtype = reader.u16();
    else if (id === 3) target.name = reader.text();
    else if (id === 4) target.ttl_s = reader.u32();
    else if (id === 5) target.data = readHostData(reader, dataKind(target.class, target.rrtype));
    else return false;
    return true;
  });
  if (draft.name === undefined) reader.fail('malformed', 'resource record without a name');
  return { ...draft, name: draft.name };
}

function readQueryParameter(reader: Reader, query: QueryHeader, id: number): boolean {
  switch (id) {
    case 1:
      query.tx = reader.timeval();
      break;
    case 2:
      query.rx = reader.timeval();
      break;
    case 3:
      query.id = reader.u16();
      break;
    case 4:
      query.answer_count = reader.u16();
      break;
    case 5:
      query.authority_count = reader.u16();
      break;
    case 6:
      query.additional_count = reader.u16();
      break;
    case 7:
      query.rcode = reader.u8();
      break;
    case 8:
      query.flags = reader.u8();
      break;
    default:
      return false;
  }
  return true;
}

function readParameter(reader: Reader, host: Draft, id: number): boolean {
  switch (id) {
    case 6:
      host.start = reader.timeval();
      break;
    case 7:
      host.flags = reader.u16();
      break;
    case 8:
      host.wait_ms = reader.u16();
      break;
    case 9:
      host.stop = reader.u8();
      break;
    case 10:
      host.retries = reader.u8();
      break;
    case 11:
      host.qtype = reader.u16();
      break;
    case 12:
      host.qclass = reader.u16();
      break;
    case 13:
      host.qname = reader.text();
      break;
    case 14:
      host.query_count = reader.u8();
      break;
    case 15:
      host.ecs = reader.text();
      break;
    case 16:
      host.error = reader.text();
      break;
    default:
      return readEnds(reader, host, id);
  }
  return true;
}
