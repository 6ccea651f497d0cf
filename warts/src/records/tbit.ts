import type { Address } from '../address.js';
import { readParameters, type Reader } from '../reader.js';
import { readTbitApplication, readTbitTest, type TbitApplication, type TbitTest } from './tbit-parts.js';
import { readEnds } from './origin.js';
import { NO_TIME, type Cycle, type List, type Timeval } from './types.js';

/** `TbitPacket.direction` of a packet that was sent, and of one that came. @internal */
export const TBIT_SENT = 1;
/** @internal */
export const TBIT_RECEIVED = 2;

/** A packet of a test, from its IP header on. */
export interface TbitPacket {
  direction: number;
  time: Timeval;
  /** Length of `data`, which is not empty. */
  length_bytes: number;
  data: Uint8Array;
}

/** A test of how a TCP server behaves (record type 11; warts(5), "tbit"). Numbers left out are 0. */
export interface TbitRecord {
  type: 'tbit';
  list: List | undefined;
  cycle: Cycle | undefined;
  userid: number;
  src: Address;
  dst: Address;
  sport: number;
  dport: number;
  start: Timeval;
  result: number;
  /** 1-10: pmtud, ecn, null, sack-rcvr, icw, abc, blind-data, blind-rst, blind-syn, blind-fin. */
  test: number;
  /** 1 is HTTP, 5 is BGP. */
  application: number;
  client_mss_bytes: number;
  server_mss_bytes: number;
  syn_retransmits: number;
  data_retransmits: number;
  fast_open_cookie: Uint8Array | undefined;
  window_scale: number;
  options: number;
  ttl: number;
  /** Why it failed; scamper since 20251020 says so. */
  error: string | undefined;
  packets: TbitPacket[];
  test_data: TbitTest | undefined;
  application_data: TbitApplication | undefined;
}

type TbitDraft = Omit<TbitRecord, 'src' | 'dst'> & {
  src: Address | undefined;
  dst: Address | undefined;
  packet_count: number;
};

const DEFAULT_TTL = 255;
const MAX_COOKIE_BYTES = 16;
/** Kinds of the parts that follow the packets. */
const TEST_DATA = 1;
const APPLICATION_DATA = 2;

/** Read a tbit record's body. @internal */
export function readTbit(reader: Reader): TbitRecord {
  const draft: TbitDraft = {
    type: 'tbit',
    list: undefined,
    cycle: undefined,
    userid: 0,
    src: undefined,
    dst: undefined,
    sport: 0,
    dport: 0,
    start: NO_TIME,
    result: 0,
    test: 0,
    application: 0,
    client_mss_bytes: 0,
    server_mss_bytes: 0,
    syn_retransmits: 0,
    data_retransmits: 0,
    fast_open_cookie: undefined,
    window_scale: 0,
    options: 0,
    ttl: DEFAULT_TTL,
    error: undefined,
    packets: [],
    test_data: undefined,
    application_data: undefined,
    packet_count: 0,
  };
  readParameters(reader, draft, readTbitParameter);
  const { packet_count, src, dst, ...rest } = draft;
  if (src === undefined || dst === undefined)
    reader.fail('malformed', 'tbit without a source or a destination');
  const tbit: TbitRecord = { ...rest, src, dst };
  for (let left = packet_count; left > 0; left--) tbit.packets.push(readPacket(reader));
  readParts(reader, tbit);
  return tbit;
}

function readParts(reader: Reader, tbit: TbitRecord): void {
  tbit.test_data = readTbitTest(undefined, tbit.test);
  for (let kind = reader.u16(); kind !== 0; kind = reader.u16()) {
    const length = reader.u32();
    const end = reader.pos + length;
    if (kind === TEST_DATA) tbit.test_data = readTbitTest(reader, tbit.test);
    else if (kind === APPLICATION_DATA) tbit.application_data = readTbitApplication(reader, tbit.application);
    else reader.fail('malformed', `tbit part of kind ${kind}`);
    reader.seek(end);
  }
}

/** The headers of a packet print as much as several parts of other records. */
const PARTS_OF_A_PACKET = 5;

function readPacket(reader: Reader): TbitPacket {
  const packet: TbitPacket = { direction: 0, time: NO_TIME, length_bytes: 0, data: NO_BYTES };
  reader.countParts(PARTS_OF_A_PACKET);
  readParameters(reader, packet, readPacketParameter);
  if (packet.data.length === 0) reader.fail('malformed', 'tbit packet without data');
  return packet;
}

const NO_BYTES = new Uint8Array(0);

function readPacketParameter(reader: Reader, packet: TbitPacket, id: number): boolean {
  if (id === 1) packet.direction = reader.u8();
  else if (id === 2) packet.time = reader.timeval();
  else if (id === 3) packet.length_bytes = reader.u16();
  else if (id === 4) packet.data = reader.copy(packet.length_bytes);
  else return false;
  return true;
}

function readCookie(reader: Reader): Uint8Array {
  const length = reader.u8();
  if (length > MAX_COOKIE_BYTES) reader.fail('malformed', `fast-open cookie of ${length} bytes`);
  return reader.copy(length);
}

function readTbitParameter(reader: Reader, tbit: TbitDraft, id: number): boolean {
  switch (id) {
    case 6:
      tbit.sport = reader.u16();
      break;
    case 7:
      tbit.dport = reader.u16();
      break;
    case 8:
      tbit.start = reader.timeval();
      break;
    case 9:
      tbit.result = reader.u16();
      break;
    case 10:
      tbit.test = reader.u8();
      break;
    case 11:
      tbit.application = reader.u8();
      break;
    case 12:
      tbit.client_mss_bytes = reader.u16();
      break;
    case 13:
      tbit.server_mss_bytes = reader.u16();
      break;
    case 14:
      tbit.syn_retransmits = reader.u8();
      break;
    case 15:
      tbit.data_retransmits = reader.u8();
      break;
    case 16:
      tbit.packet_count = reader.u16();
      break;
    case 17:
      tbit.packet_count = reader.u32() || tbit.packet_count;
      break;
    case 18:
      tbit.fast_open_cookie = readCookie(reader);
      break;
    case 19:
      tbit.window_scale = reader.u8();
      break;
    case 20:
      tbit.options = reader.u32();
      break;
    case 21:
      tbit.ttl = reader.u8();
      break;
    case 22:
      tbit.error = reader.text();
      break;
    default:
      return readEnds(reader, tbit, id);
  }
  return true;
}
