import type { Address } from '../address.js';
import { readParameters, type Reader } from '../reader.js';
import { readOrigin } from './origin.js';
import { NO_TIME, type Cycle, type List, type Timeval } from './types.js';

/** A packet, from its IP header on. */
export interface SniffPacket {
  time: Timeval;
  data: Uint8Array;
}

/** ICMP packets with an identifier that came to an address (record type 13). Numbers left out are 0. */
export interface SniffRecord {
  type: 'sniff';
  list: List | undefined;
  cycle: Cycle | undefined;
  userid: number;
  src: Address;
  start: Timeval;
  finish: Timeval;
  /** 0-4: none, error, limit of time, limit of packets, halted. */
  stop_reason: number;
  packet_limit: number;
  limit_s: number;
  icmp_id: number;
  error: string | undefined;
  packets: SniffPacket[];
}

type Draft = Omit<SniffRecord, 'src'> & { src: Address | undefined; packet_count: number };

/** Read a sniff record's body. @internal */
export function readSniff(reader: Reader): SniffRecord {
  const draft: Draft = {
    type: 'sniff',
    list: undefined,
    cycle: undefined,
    userid: 0,
    src: undefined,
    start: NO_TIME,
    finish: NO_TIME,
    stop_reason: 0,
    packet_limit: 0,
    limit_s: 0,
    icmp_id: 0,
    error: undefined,
    packets: [],
    packet_count: 0,
  };
  readParameters(reader, draft, readParameter);
  const { src, packet_count, ...rest } = draft;
  if (src === undefined) reader.fail('malformed', 'sniff without a source');
  const sniff: SniffRecord = { ...rest, src };
  for (let left = packet_count; left > 0; left--) sniff.packets.push(readPacket(reader));
  return sniff;
}

function readPacket(reader: Reader): SniffPacket {
  const packet = { time: NO_TIME, length: 0, data: NO_BYTES as Uint8Array };
  reader.countParts();
  readParameters(reader, packet, (_, target, id) => {
    if (id === 1) target.time = reader.timeval();
    else if (id === 2) target.length = reader.u16();
    else if (id === 3) target.data = reader.copy(target.length);
    else return false;
    return true;
  });
  return { time: packet.time, data: packet.data };
}

const NO_BYTES = new Uint8Array(0);

function readParameter(reader: Reader, sniff: Draft, id: number): boolean {
  switch (id) {
    case 4:
      sniff.src = reader.address();
      break;
    case 5:
      sniff.start = reader.timeval();
      break;
    case 6:
      sniff.finish = reader.timeval();
      break;
    case 7:
      sniff.stop_reason = reader.u8();
      break;
    case 8:
      sniff.packet_limit = reader.u32();
      break;
    case 9:
      sniff.limit_s = reader.u16();
      break;
    case 10:
      sniff.packet_count = reader.u32();
      break;
    case 11:
      sniff.icmp_id = reader.u16();
      break;
    case 12:
      sniff.error = reader.text();
      break;
    default:
      return readOrigin(reader, sniff, id);
  }
  return true;
}
