import type { Address } from '../address.js';
import { readParameters, type Reader } from '../reader.js';
import { readUnnumberedEnds } from './origin.js';
import { NO_TIME, type Cycle, type List, type Timeval } from './types.js';

export interface UdpprobeReply {
  rx: Timeval;
  /** Length that the record gives for the data. */
  length_bytes: number;
  data: Uint8Array | undefined;
  interface_name: string | undefined;
}

export interface UdpprobeProbe {
  tx: Timeval;
  sport: number;
  replies: UdpprobeReply[];
}

/** Answers to a UDP payload (record type 16, since scamper 20240117). Numbers left out are 0. */
export interface UdpprobeRecord {
  type: 'udpprobe';
  list: List | undefined;
  cycle: Cycle | undefined;
  userid: number;
  src: Address | undefined;
  dst: Address | undefined;
  /** As asked for: 0 is another one for each probe. */
  sport: number;
  dport: number;
  start: Timeval;
  wait_timeout_us: number;
  wait_probe_us: number;
  /** 1: ends with the first answer. */
  flags: number;
  /** 0-3: none, done, halted, error. */
  stop_reason: number;
  data_length_bytes: number;
  data: Uint8Array | undefined;
  /** Probes asked for, and sent. */
  probe_count: number;
  probe_sent: number;
  /** Stop after this many replies. */
  stop_count: number;
  error: string | undefined;
  probes: UdpprobeProbe[];
}

type Draft = UdpprobeRecord & { first_sport: number; first_reply_count: number };

/** Read a udpprobe record's body. @internal */
export function readUdpprobe(reader: Reader): UdpprobeRecord {
  const draft: Draft = {
    type: 'udpprobe',
    list: undefined,
    cycle: undefined,
    userid: 0,
    src: undefined,
    dst: undefined,
    sport: 0,
    dport: 0,
    start: NO_TIME,
    wait_timeout_us: 0,
    wait_probe_us: 0,
    flags: 0,
    stop_reason: 0,
    data_length_bytes: 0,
    data: undefined,
    probe_count: 1,
    probe_sent: 1,
    stop_count: 0,
    error: undefined,
    probes: [],
    first_sport: 0,
    first_reply_count: 0,
  };
  readParameters(reader, draft, readParameter);
  const { first_sport, first_reply_count, ...record } = draft;
  readProbes(reader, record, first_sport, first_reply_count);
  return record;
}

/** The replies to the first probe stand before the other probes, those to the others behind all of them. */
function readProbes(reader: Reader, record: UdpprobeRecord, sport: number, replyCount: number): void {
  const first = { tx: record.start, sport, replies: readReplies(reader, replyCount) };
  const headers: ProbeHeader[] = [];
  for (let left = record.probe_sent - 1; left > 0; left--) headers.push(readProbe(reader));
  const others = headers.map(({ tx, sport: from, reply_count }) => ({
    tx,
    sport: from,
    replies: readReplies(reader, reply_count),
  }));
  record.probes = record.probe_sent === 0 ? [] : [first, ...others];
}

interface ProbeHeader {
  tx: Timeval;
  sport: number;
  reply_count: number;
}

function readProbe(reader: Reader): ProbeHeader {
  const probe: ProbeHeader = { tx: NO_TIME, sport: 0, reply_count: 0 };
  reader.countParts();
  readParameters(reader, probe, (_, target, id) => {
    if (id === 1) target.tx = reader.timeval();
    else if (id === 2) target.sport = reader.u16();
    else if (id === 3) target.reply_count = reader.u8();
    else return false;
    return true;
  });
  return probe;
}

function readReplies(reader: Reader, count: number): UdpprobeReply[] {
  const replies: UdpprobeReply[] = [];
  for (let left = count; left > 0; left--) replies.push(readReply(reader));
  return replies;
}

function readReply(reader: Reader): UdpprobeReply {
  const reply: UdpprobeReply = { rx: NO_TIME, length_bytes: 0, data: undefined, interface_name: undefined };
  reader.countParts();
  readParameters(reader, reply, (_, target, id) => {
    if (id === 1) target.rx = reader.timeval();
    else if (id === 2) target.length_bytes = reader.u16();
    else if (id === 3) target.data = reader.copy(target.length_bytes);
    else if (id === 4) target.interface_name = reader.interfaceName();
    else return false;
    return true;
  });
  return reply;
}

function readParameter(reader: Reader, record: Draft, id: number): boolean {
  switch (id) {
    case 6:
      record.first_sport = reader.u16();
      break;
    case 7:
      record.dport = reader.u16();
      break;
    case 8:
      record.start = reader.timeval();
      break;
    case 9:
      record.wait_timeout_us = reader.u32();
      break;
    case 10:
      record.flags = reader.u8();
      break;
    case 11:
      record.stop_reason = reader.u8();
      break;
    case 12:
      record.data_length_bytes = reader.u16();
      break;
    case 13:
      record.data = reader.copy(record.data_length_bytes);
      break;
    case 14:
      record.first_reply_count = reader.u8();
      break;
    case 15:
      record.probe_count = reader.u8();
      break;
    case 16:
      record.probe_sent = reader.u8();
      break;
    case 17:
      record.stop_count = reader.u8();
      break;
    case 18:
      record.sport = reader.u16();
      break;
    case 19:
      record.wait_probe_us = reader.u32();
      break;
    case 20:
      record.error = reader.text();
      break;
    default:
      return readUnnumberedEnds(reader, record, id);
  }
  return true;
}
