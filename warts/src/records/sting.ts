import type { Address } from '../address.js';
import { readParameters, type Reader } from '../reader.js';
import { readEnds } from './origin.js';
import { NO_TIME, type Cycle, type List, type Timeval } from './types.js';

/** A packet of a sting or a sniff, from its IP header on. */
export interface StingPacket {
  /** 1 sent, 2 received, 4 data, 8 hole. */
  flags: number;
  time: Timeval;
  data: Uint8Array;
}

/** Loss in each direction of a TCP connection (record type 12). Numbers left out are 0. */
export interface StingRecord {
  type: 'sting';
  list: List | undefined;
  cycle: Cycle | undefined;
  userid: number;
  src: Address;
  dst: Address;
  sport: number;
  dport: number;
  /** Probes asked for. */
  count: number;
  mean_ms: number;
  inter_ms: number;
  /** 1-3: exponential, periodic, uniform. */
  distribution: number;
  syn_retransmits: number;
  data_retransmits: number;
  seq_skip: number;
  data: Uint8Array | undefined;
  start: Timeval;
  /** RTT of the handshake. */
  handshake_rtt: Timeval;
  data_ack_count: number;
  hole_count: number;
  /** 0-2: none, completed, error. */
  result: number;
  error: string | undefined;
  packets: StingPacket[];
}

type Draft = Omit<StingRecord, 'src' | 'dst'> & {
  src: Address | undefined;
  dst: Address | undefined;
  data_length: number;
  packet_count: number;
};

/** Read a sting record's body. @internal */
export function readSting(reader: Reader): StingRecord {
  const draft: Draft = {
    type: 'sting',
    list: undefined,
    cycle: undefined,
    userid: 0,
    src: undefined,
    dst: undefined,
    sport: 0,
    dport: 0,
    count: 0,
    mean_ms: 0,
    inter_ms: 0,
    distribution: 0,
    syn_retransmits: 0,
    data_retransmits: 0,
    seq_skip: 0,
    data: undefined,
    start: NO_TIME,
    handshake_rtt: NO_TIME,
    data_ack_count: 0,
    hole_count: 0,
    result: 0,
    error: undefined,
    packets: [],
    data_length: 0,
    packet_count: 0,
  };
  readParameters(reader, draft, readParameter);
  const { src, dst, data_length: _length, packet_count, ...rest } = draft;
  if (src === undefined || dst === undefined) {
    reader.fail('malformed', 'sting without a source or a destination');
  }
  const sting: StingRecord = { ...rest, src, dst };
  for (let left = packet_count; left > 0; left--) sting.packets.push(readPacket(reader));
  return sting;
}

function readPacket(reader: Reader): StingPacket {
  const packet = { flags: 0, time: NO_TIME, length: 0, data: NO_BYTES as Uint8Array };
  reader.countParts();
  readParameters(reader, packet, (_, target, id) => {
    if (id === 1) target.flags = reader.u8();
    else if (id === 2) target.time = reader.timeval();
    else if (id === 3) target.length = reader.u16();
    else if (id === 4) target.data = reader.copy(target.length);
    else return false;
    return true;
  });
  return { flags: packet.flags, time: packet.time, data: packet.data };
}

const NO_BYTES = new Uint8Array(0);

function readParameter(reader: Reader, sting: Draft, id: number): boolean {
  switch (id) {
    case 6:
      sting.sport = reader.u16();
      break;
    case 7:
      sting.dport = reader.u16();
      break;
    case 8:
      sting.count = reader.u16();
      break;
    case 9:
      sting.mean_ms = reader.u16();
      break;
    case 10:
      sting.inter_ms = reader.u16();
      break;
    case 11:
      sting.distribution = reader.u8();
      break;
    case 12:
      sting.syn_retransmits = reader.u8();
      break;
    case 13:
      sting.data_retransmits = reader.u8();
      break;
    case 14:
      sting.seq_skip = reader.u8();
      break;
    case 15:
      sting.data_length = reader.u16();
      break;
    case 16:
      sting.data = reader.copy(sting.data_length);
      break;
    case 17:
      sting.start = reader.timeval();
      break;
    case 18:
      sting.handshake_rtt = reader.timeval();
      break;
    case 19:
      sting.data_ack_count = reader.u16();
      break;
    case 20:
      sting.hole_count = reader.u16();
      break;
    case 21:
      sting.packet_count = reader.u32();
      break;
    case 22:
      sting.result = reader.u8();
      break;
    case 23:
      sting.error = reader.text();
      break;
    default:
      return readEnds(reader, sting, id);
  }
  return true;
}
