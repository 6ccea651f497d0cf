import type { Address } from '../address.js';
import { readParameters, type Reader } from '../reader.js';
import { readOrigin } from './origin.js';
import { NO_TIME, type Cycle, type List, type Timeval } from './types.js';

export interface NeighbourReply {
  rx: Timeval;
  mac: Address;
}

export interface NeighbourProbe {
  tx: Timeval;
  replies: NeighbourReply[];
}

/** Which link-layer address a neighbour has (record type 10). Numbers left out are 0. */
export interface NeighbourRecord {
  type: 'neighbourdisc';
  list: List | undefined;
  cycle: Cycle | undefined;
  userid: number;
  interface_name: string | undefined;
  start: Timeval;
  /** 1: ARP; 2: neighbour solicitation (RFC 4861). */
  method: number;
  wait_ms: number;
  /** 1: all attempts; 2: ends with the first response. */
  flags: number;
  attempts: number;
  /** Stop after this many replies; 0 is no limit. */
  stop_count: number;
  src_ip: Address | undefined;
  src_mac: Address | undefined;
  dst_ip: Address | undefined;
  dst_mac: Address | undefined;
  error: string | undefined;
  probes: NeighbourProbe[];
}

type Draft = NeighbourRecord & { probe_count: number };

/** Read a neighbour discovery record's body. @internal */
export function readNeighbour(reader: Reader): NeighbourRecord {
  const draft: Draft = {
    type: 'neighbourdisc',
    list: undefined,
    cycle: undefined,
    userid: 0,
    interface_name: undefined,
    start: NO_TIME,
    method: 0,
    wait_ms: 0,
    flags: 0,
    attempts: 0,
    stop_count: 0,
    src_ip: undefined,
    src_mac: undefined,
    dst_ip: undefined,
    dst_mac: undefined,
    error: undefined,
    probes: [],
    probe_count: 0,
  };
  readParameters(reader, draft, readParameter);
  const { probe_count, ...record } = draft;
  for (let left = probe_count; left > 0; left--) record.probes.push(readProbe(reader));
  return record;
}

function readProbe(reader: Reader): NeighbourProbe {
  const probe = { tx: NO_TIME, reply_count: 0 };
  reader.countParts();
  readParameters(reader, probe, (_, target, id) => {
    if (id === 1) target.tx = reader.timeval();
    else if (id === 2) target.reply_count = reader.u16();
    else return false;
    return true;
  });
  const replies: NeighbourReply[] = [];
  for (let left = probe.reply_count; left > 0; left--) replies.push(readReply(reader));
  return { tx: probe.tx, replies };
}

function readReply(reader: Reader): NeighbourReply {
  const reply: { rx: Timeval; mac: Address | undefined } = { rx: NO_TIME, mac: undefined };
  reader.countParts();
  readParameters(reader, reply, (_, target, id) => {
    if (id === 1) target.rx = reader.timeval();
    else if (id === 2) target.mac = reader.address();
    else return false;
    return true;
  });
  if (reply.mac === undefined) reader.fail('malformed', 'neighbour reply without an address');
  return { rx: reply.rx, mac: reply.mac };
}

function readParameter(reader: Reader, record: Draft, id: number): boolean {
  switch (id) {
    case 4:
      record.interface_name = reader.text();
      break;
    case 5:
      record.start = reader.timeval();
      break;
    case 6:
      record.method = reader.u8();
      break;
    case 7:
      record.wait_ms = reader.u16();
      break;
    case 8:
      record.flags = reader.u8();
      break;
    case 9:
      record.attempts = reader.u16();
      break;
    case 10:
      record.stop_count = reader.u16();
      break;
    case 11:
      record.src_ip = reader.address();
      break;
    case 12:
      record.src_mac = reader.address();
      break;
    case 13:
      record.dst_ip = reader.address();
      break;
    case 14:
      record.dst_mac = reader.address();
      break;
    case 15:
      record.probe_count = reader.u16();
      break;
    case 16:
      record.error = reader.text();
      break;
    default:
      return readOrigin(reader, record, id);
  }
  return true;
}
