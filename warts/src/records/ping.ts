import type { Address } from '../address.js';
import { readParameters, type Reader } from '../reader.js';
import { NO_TIME, type Cycle, type List, type Timeval } from './types.js';

/** Bits of `PingRecord.flags`. */
export const PingFlag = {
  RecordRoute: 0x01,
  Spoof: 0x02,
  Payload: 0x04,
  TimestampOnly: 0x08,
  TimestampAndAddress: 0x10,
  IcmpChecksum: 0x20,
} as const;

/**
 * Bits of `PingReply.flags`: what of the reply is in the record, whose clock its times are of, and whether it is still
 * waited for. Of IPv6, `ReplyIpid` says that the reply came in fragments. Only `ReplyIpid` is older than 2024.
 */
export const PingReplyFlag = {
  Ttl: 0x01,
  ReplyIpid: 0x02,
  ProbeIpid: 0x04,
  DatalinkTx: 0x08,
  DatalinkRx: 0x10,
  Tos: 0x20,
  Pending: 0x40,
} as const;

/** `PingRecord.method` of an ICMP echo, and of an ICMP timestamp request. */
export const PING_ICMP_ECHO = 0;
export const PING_ICMP_TIME = 5;

/** An IP timestamp option: `addresses` is empty, or has the address beside each timestamp. Both may be empty. */
export interface PingTimestamps {
  /** Milliseconds since midnight UTC, or what the router put there. */
  timestamps_ms: number[];
  addresses: Address[];
}

/** One reply to one ping (warts(5), "ping replies"). */
export interface PingReply {
  from: Address;
  flags: number;
  /** Number of the probe, counted from 0, that this answers. */
  seq: number;
  ttl: number;
  size_bytes: number;
  icmp_type: number;
  icmp_code: number;
  tcp_flags: number;
  /** IP protocol number of the reply. */
  protocol: number;
  rtt_us: number;
  probe_ipid: number;
  reply_ipid: number;
  /** Whether the record has `reply_ipid`: scamper since 2024 leaves it out of replies without one. */
  has_reply_ipid: boolean;
  /** The probe's source port; undefined unless the method varies it and scamper is of 20240229 or later. */
  probe_sport: number | undefined;
  reply_tos: number;
  /** The interface that the reply came in by. */
  interface_name: string | undefined;
  /** What the next hop can take, of an ICMP message that says that the probe was too big. */
  icmp_nhmtu_bytes: number;
  /** IPv6 fragment identifier; 0 unless `flags` says that there was one. */
  reply_ipid32: number;
  /** When the probe was sent; seconds are 0 if not recorded. */
  tx: Timeval;
  record_route: Address[] | undefined;
  timestamps: PingTimestamps | undefined;
  /** Originate, receive and transmit times of an ICMP timestamp reply, in ms since midnight UTC. */
  icmp_timestamps_ms: [number, number, number] | undefined;
}

/** A ping (record type 7; warts(5), "ping"). Numbers that the file leaves out are 0. */
export interface PingRecord {
  type: 'ping';
  list: List | undefined;
  cycle: Cycle | undefined;
  /** undefined if there was no route: scamper since 20241112 writes such pings. */
  src: Address | undefined;
  dst: Address;
  /** Router through which probes were sent. */
  rtr: Address | undefined;
  start: Timeval;
  /** 0-4: none, done, error, halted, in progress. */
  stop_reason: number;
  /** Of an error: its number in errno(3). */
  stop_data: number;
  /** Why it failed; scamper since 20251020 says so. */
  error: string | undefined;
  /** Pattern or payload of the probes, and the length that the record gives for it. */
  data: Uint8Array | undefined;
  data_length_bytes: number;
  /** How many probes were asked for, and how many were sent. */
  count: number;
  sent: number;
  probe_size_bytes: number;
  wait_s: number;
  /** Microseconds to wait in addition to `wait_s`. */
  wait_us: number;
  timeout_s: number;
  /** Microseconds to wait in addition to `timeout_s`. */
  timeout_us: number;
  ttl: number;
  /** Stop after this many replies; 0 is no limit. */
  reply_count: number;
  method: number;
  sport: number;
  dport: number;
  userid: number;
  flags: number;
  tos: number;
  /** Addresses asked to put their timestamps in (`-T tsprespec`). */
  timestamp_addresses: Address[] | undefined;
  icmp_checksum: number;
  /** Path MTU that probes were held to, in bytes. */
  pmtu_bytes: number;
  tcp_seq: number;
  tcp_ack: number;
  /** By `seq`; replies to one probe are in the order of the file. */
  replies: PingReply[];
}

/** A record while its parameters are read: what must be there may still be missing. */
type PingDraft = Omit<PingRecord, 'dst' | 'timeout_s'> & {
  dst: Address | undefined;
  timeout_s: number | undefined;
};
type ReplyDraft = Omit<PingReply, 'from' | 'protocol'> & {
  from: Address | undefined;
  protocol: number | undefined;
};

/** Read a ping record's body. */
export function readPing(reader: Reader): PingRecord {
  const ping: PingDraft = {
    type: 'ping',
    list: undefined,
    cycle: undefined,
    src: undefined,
    dst: undefined,
    rtr: undefined,
    start: NO_TIME,
    stop_reason: 0,
    stop_data: 0,
    error: undefined,
    data: undefined,
    data_length_bytes: 0,
    count: 0,
    sent: 0,
    probe_size_bytes: 0,
    wait_s: 0,
    wait_us: 0,
    timeout_s: undefined,
    timeout_us: 0,
    ttl: 0,
    reply_count: 0,
    method: 0,
    sport: 0,
    dport: 0,
    userid: 0,
    flags: 0,
    tos: 0,
    timestamp_addresses: undefined,
    icmp_checksum: 0,
    pmtu_bytes: 0,
    tcp_seq: 0,
    tcp_ack: 0,
    replies: [],
  };
  readParameters(reader, ping, readPingParameter);
  if (ping.dst === undefined) reader.fail('malformed', 'ping without a destination');
  ping.timeout_s ??= ping.wait_s;
  readReplies(reader, ping as PingRecord);
  return ping as PingRecord;
}

function readReplies(reader: Reader, ping: PingRecord): void {
  const count = reader.u16();
  const { sent, replies } = ping;
  const protocol = ping.dst.isIPv4 ? 1 : 58;
  let last = 0;
  let sorted = true;
  for (let i = 0; i < count; i++) {
    const reply = readReply(reader, protocol);
    if (reply.seq >= sent) reader.fail('malformed', `reply to probe ${reply.seq} of ${sent}`);
    sorted &&= reply.seq >= last;
    last = reply.seq;
    replies.push(reply);
  }
  if (!sorted) replies.sort((a, b) => a.seq - b.seq);
}

function readReply(reader: Reader, defaultProtocol: number): PingReply {
  const reply: ReplyDraft = {
    from: undefined,
    flags: 0,
    seq: 0,
    ttl: 0,
    size_bytes: 0,
    icmp_type: 0,
    icmp_code: 0,
    tcp_flags: 0,
    protocol: undefined,
    rtt_us: 0,
    probe_ipid: 0,
    reply_ipid: 0,
    has_reply_ipid: false,
    probe_sport: undefined,
    reply_tos: 0,
    interface_name: undefined,
    icmp_nhmtu_bytes: 0,
    reply_ipid32: 0,
    tx: NO_TIME,
    record_route: undefined,
    timestamps: undefined,
    icmp_timestamps_ms: undefined,
  };
  reader.countParts();
  readParameters(reader, reply, readReplyParameter);
  if (reply.from === undefined) reader.fail('malformed', 'ping reply without an address');
  reply.protocol ??= defaultProtocol;
  return reply as PingReply;
}

function readPingParameter(reader: Reader, ping: PingDraft, id: number): boolean {
  switch (id) {
    case 1:
      ping.list = reader.list();
      break;
    case 2:
      ping.cycle = reader.cycle();
      break;
    case 3:
      ping.src = reader.globalAddress();
      break;
    case 4:
      ping.dst = reader.globalAddress();
      break;
    case 5:
      ping.start = reader.timeval();
      break;
    case 6:
      ping.stop_reason = reader.u8();
      break;
    case 7:
      ping.stop_data = reader.u8();
      break;
    case 8:
      ping.data_length_bytes = reader.u16();
      break;
    case 9:
      if (ping.data_length_bytes > 0) ping.data = reader.copy(ping.data_length_bytes);
      break;
    case 10:
      ping.count = reader.u16();
      break;
    case 11:
      ping.probe_size_bytes = reader.u16();
      break;
    case 12:
      ping.wait_s = reader.u8();
      break;
    case 13:
      ping.ttl = reader.u8();
      break;
    case 14:
      ping.reply_count = reader.u16();
      break;
    case 15:
      ping.sent = reader.u16();
      break;
    case 16:
      ping.method = reader.u8();
      break;
    case 17:
      ping.sport = reader.u16();
      break;
    case 18:
      ping.dport = reader.u16();
      break;
    case 19:
      ping.userid = reader.u32();
      break;
    case 20:
      ping.src = reader.address();
      break;
    case 21:
      ping.dst = reader.address();
      break;
    case 22:
      ping.flags = reader.u8();
      break;
    case 23:
      ping.tos = reader.u8();
      break;
    case 24:
      ping.timestamp_addresses = readAddresses(reader, reader.u8());
      break;
    case 25:
      ping.icmp_checksum = reader.u16();
      break;
    case 26:
      ping.pmtu_bytes = reader.u16();
      break;
    case 27:
      ping.timeout_s = reader.u8();
      break;
    case 28:
      ping.wait_us = reader.u32();
      break;
    case 29:
      ping.tcp_ack = reader.u32();
      break;
    case 30:
      ping.flags = reader.u32();
      break;
    case 31:
      ping.tcp_seq = reader.u32();
      break;
    case 32:
      ping.rtr = reader.unnumberedAddress();
      break;
    case 33:
      ping.timeout_us = reader.u32();
      break;
    case 34:
      ping.error = reader.text();
      break;
    default:
      return false;
  }
  return true;
}

function readReplyParameter(reader: Reader, reply: ReplyDraft, id: number): boolean {
  switch (id) {
    case 1:
      reply.from = reader.globalAddress();
      break;
    case 2:
      reply.flags = reader.u8();
      break;
    case 3:
      reply.ttl = reader.u8();
      break;
    case 4:
      reply.size_bytes = reader.u16();
      break;
    case 5:
      reply.icmp_type = reader.u8();
      reply.icmp_code = reader.u8();
      break;
    case 6:
      reply.rtt_us = reader.u32();
      break;
    case 7:
      reply.seq = reader.u16();
      break;
    case 8:
      reply.reply_ipid = reader.u16();
      reply.has_reply_ipid = true;
      break;
    case 9:
      reply.probe_ipid = reader.u16();
      break;
    case 10:
      reply.protocol = reader.u8();
      break;
    case 11:
      reply.tcp_flags = reader.u8();
      break;
    case 12:
      reply.from = reader.address();
      break;
    case 13:
      reply.record_route = readAddresses(reader, reader.u8());
      break;
    case 14:
      reply.timestamps = readTimestamps(reader);
      break;
    case 15:
      reply.reply_ipid32 = reader.u32();
      break;
    case 16:
      reply.tx = reader.timeval();
      break;
    case 17:
      reply.icmp_timestamps_ms = [reader.u32(), reader.u32(), reader.u32()];
      break;
    case 18:
      reply.probe_sport = reader.u16();
      break;
    case 19:
      reply.reply_tos = reader.u8();
      break;
    case 20:
      reply.interface_name = reader.interfaceName();
      break;
    case 21:
      reply.icmp_nhmtu_bytes = reader.u16();
      break;
    default:
      return false;
  }
  return true;
}

/** Addresses in the options of an IPv4 header; more are damage, and cost. */
const MAX_IN_AN_IP_HEADER = 9;

function readAddresses(reader: Reader, count: number): Address[] {
  if (count === 0) reader.fail('malformed', 'a list of no addresses');
  reader.countParts(Math.max(0, count - MAX_IN_AN_IP_HEADER) >> 2);
  return Array.from({ length: count }, () => reader.address());
}

function readTimestamps(reader: Reader): PingTimestamps {
  const timestampCount = reader.u8();
  const addressCount = reader.u8();
  if (addressCount !== 0 && addressCount !== timestampCount) {
    reader.fail('malformed', `${timestampCount} timestamps with ${addressCount} addresses`);
  }
  return {
    timestamps_ms: Array.from({ length: timestampCount }, () => reader.u32()),
    addresses: Array.from({ length: addressCount }, () => reader.address()),
  };
}
