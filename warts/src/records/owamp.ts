import type { Address } from '../address.js';
import { readParameters, type Reader } from '../reader.js';
import { readUnnumberedEnds } from './origin.js';
import { NO_TIME, type Cycle, type List, type Timeval } from './types.js';

/** A slot of the schedule (RFC 4656, section 4.1.1). */
export interface OwampSlot {
  value: Timeval;
  /** 0: fixed; 1: exponential. */
  slot_type: number;
}

/** One arrival of a packet. What was not recorded is undefined. */
export interface OwampReception {
  time: Timeval;
  error_estimate: number | undefined;
  dscp: number | undefined;
  ttl: number | undefined;
}

export interface OwampPacket {
  scheduled: Timeval;
  tx: Timeval;
  seq: number;
  error_estimate: number | undefined;
  sent: boolean;
  receptions: OwampReception[];
}

/** One-way delay (record type 17, since scamper 20260105; RFC 4656). Numbers left out are 0. */
export interface OwampRecord {
  type: 'owamp';
  list: List | undefined;
  cycle: Cycle | undefined;
  userid: number;
  src: Address | undefined;
  dst: Address | undefined;
  dport: number;
  /** 1: padding of zeros. */
  flags: number;
  start: Timeval;
  start_at: Timeval;
  wait_timeout: Timeval;
  attempts: number;
  packet_size_bytes: number;
  /** 0: packets were sent to the server; 1: received from it. */
  direction: number;
  dscp: number;
  ttl: number;
  /** RTT of the handshake in microseconds; 0 if there was none. */
  handshake_rtt_us: number;
  /** 0-7: none, done, halted, error, no connection, not accepted, no mode, timeout. */
  result: number;
  error: string | undefined;
  udp_sport: number;
  udp_dport: number;
  schedule: OwampSlot[];
  packets: OwampPacket[];
}

type Draft = OwampRecord & { slot_count: number; packet_count: number };

/** What a record means that does not say it. */
const DEFAULTS = {
  dport: 861,
  wait_timeout: { sec: 2, usec: 0 },
  slots: 1,
  attempts: 10,
  size: 42,
  ttl: 255,
};

/** Read an owamp record's body. @internal */
export function readOwamp(reader: Reader): OwampRecord {
  const draft: Draft = {
    type: 'owamp',
    list: undefined,
    cycle: undefined,
    userid: 0,
    src: undefined,
    dst: undefined,
    dport: DEFAULTS.dport,
    flags: 0,
    start: NO_TIME,
    start_at: NO_TIME,
    wait_timeout: DEFAULTS.wait_timeout,
    attempts: DEFAULTS.attempts,
    packet_size_bytes: DEFAULTS.size,
    direction: 0,
    dscp: 0,
    ttl: DEFAULTS.ttl,
    handshake_rtt_us: 0,
    result: 0,
    error: undefined,
    udp_sport: 0,
    udp_dport: 0,
    schedule: [],
    packets: [],
    slot_count: DEFAULTS.slots,
    packet_count: 0,
  };
  readParameters(reader, draft, readParameter);
  const { slot_count, packet_count, ...record } = draft;
  for (let left = slot_count; left > 0; left--) record.schedule.push(readSlot(reader));
  for (let left = packet_count; left > 0; left--) record.packets.push(readPacket(reader));
  return record;
}

function readSlot(reader: Reader): OwampSlot {
  const slot: OwampSlot = { value: NO_TIME, slot_type: 0 };
  reader.countParts();
  readParameters(reader, slot, (_, target, id) => {
    if (id === 1) target.value = reader.timeval();
    else if (id === 2) target.slot_type = reader.u8();
    else return false;
    return true;
  });
  return slot;
}

const NOT_SENT = 0x01;
const HAS_ERROR_ESTIMATE = 0x02;

function readPacket(reader: Reader): OwampPacket {
  const packet = { scheduled: NO_TIME, tx: NO_TIME, seq: 0, estimate: 0, flags: 0, receptions: 0 };
  reader.countParts();
  readParameters(reader, packet, (_, target, id) => {
    if (id === 1) target.scheduled = reader.timeval();
    else if (id === 2) target.tx = reader.timeval();
    else if (id === 3) target.seq = reader.u32();
    else if (id === 4) target.estimate = reader.u16();
    else if (id === 5) target.flags = reader.u8();
    else if (id === 6) target.receptions = reader.u8();
    else return false;
    return true;
  });
  const receptions: OwampReception[] = [];
  for (let left = packet.receptions; left > 0; left--) receptions.push(readReception(reader));
  return {
    scheduled: packet.scheduled,
    tx: packet.tx,
    seq: packet.seq,
    error_estimate: packet.flags & HAS_ERROR_ESTIMATE ? packet.estimate : undefined,
    sent: (packet.flags & NOT_SENT) === 0,
    receptions,
  };
}

const HAS_DSCP = 0x01;
const HAS_TTL = 0x02;
const HAS_RECEIVERS_ESTIMATE = 0x04;

function readReception(reader: Reader): OwampReception {
  const reception = { time: NO_TIME, estimate: 0, flags: 0, dscp: 0, ttl: 0 };
  reader.countParts();
  readParameters(reader, reception, (_, target, id) => {
    if (id === 1) target.time = reader.timeval();
    else if (id === 2) target.estimate = reader.u16();
    else if (id === 3) target.flags = reader.u8();
    else if (id === 4) target.dscp = reader.u8();
    else if (id === 5) target.ttl = reader.u8();
    else return false;
    return true;
  });
  const { time, estimate, flags, dscp, ttl } = reception;
  return {
    time,
    error_estimate: flags & HAS_RECEIVERS_ESTIMATE ? estimate : undefined,
    dscp: flags & HAS_DSCP ? dscp : undefined,
    ttl: flags & HAS_TTL ? ttl : undefined,
  };
}

function readParameter(reader: Reader, record: Draft, id: number): boolean {
  switch (id) {
    case 6:
      record.dport = reader.u16();
      break;
    case 7:
      record.flags = reader.u16();
      break;
    case 8:
      record.start = reader.timeval();
      break;
    case 9:
      record.start_at = reader.timeval();
      break;
    case 10:
      record.wait_timeout = reader.timeval();
      break;
    case 11:
      record.slot_count = reader.u32();
      break;
    case 12:
      record.attempts = reader.u32();
      break;
    case 13:
      record.packet_size_bytes = reader.u16();
      break;
    case 14:
      record.direction = reader.u8();
      break;
    case 15:
      record.dscp = reader.u8();
      break;
    case 16:
      record.ttl = reader.u8();
      break;
    case 17:
      record.handshake_rtt_us = reader.u32();
      break;
    case 18:
      record.result = reader.u8();
      break;
    case 19:
      record.error = reader.text();
      break;
    case 20:
      record.udp_sport = reader.u16();
      break;
    case 21:
      record.udp_dport = reader.u16();
      break;
    case 22:
      record.packet_count = reader.u32();
      break;
    default:
      return readUnnumberedEnds(reader, record, id);
  }
  return true;
}
