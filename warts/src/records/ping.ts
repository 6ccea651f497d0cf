import { NO_ADDRESS, type Address } from '../address.js';
import { bytesOfSets, readParameters, type Reader } from '../reader.js';
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

/** `PingRecord.method` of an ICMP echo, and of an ICMP timestamp request. @internal */
export const PING_ICMP_ECHO = 0;
/** @internal */
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

/** Read a ping record's body. @internal */
export function readPing(reader: Reader): PingRecord {
  const ping = readPingHead(reader);
  readReplies(reader, ping);
  return ping;
}

/** Read what comes before the replies. @internal */
export function readPingHead(reader: Reader): PingRecord {
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
  return ping as PingRecord;
}

function readReplies(reader: Reader, ping: PingRecord): void {
  const count = reader.u16();
  const { replies } = ping;
  let last = 0;
  let sorted = true;
  for (let i = 0; i < count; i++) {
    const reply = newReply();
    readReply(reader, ping, reply);
    sorted &&= reply.seq >= last;
    last = reply.seq;
    replies.push(reply);
  }
  if (!sorted) replies.sort((a, b) => a.seq - b.seq);
}

/** Parameters of a reply by their numbers in warts(5), as bits of `Reader.beginBlock`. */
const REPLY = {
  globalFrom: 1 << 0,
  flags: 1 << 1,
  ttl: 1 << 2,
  size: 1 << 3,
  icmp: 1 << 4,
  rtt: 1 << 5,
  seq: 1 << 6,
  replyIpid: 1 << 7,
  probeIpid: 1 << 8,
  protocol: 1 << 9,
  tcpFlags: 1 << 10,
  from: 1 << 11,
  recordRoute: 1 << 12,
  timestamps: 1 << 13,
  replyIpid32: 1 << 14,
  tx: 1 << 15,
  icmpTimestamps: 1 << 16,
  probeSport: 1 << 17,
  tos: 1 << 18,
  interface: 1 << 19,
  nextHopMtu: 1 << 20,
} as const;
const LAST_OF_REPLY = 21;
/** Bytes of the parameters `flags` to `tcpFlags`, by those that are there. */
const BYTES_BEFORE_FROM = bytesOfSets([1, 1, 2, 2, 4, 2, 2, 2, 1, 1]);

/** A reply in which nothing was read yet. @internal */
export function newReply(): PingReply {
  return {
    from: NO_ADDRESS,
    flags: 0,
    seq: 0,
    ttl: 0,
    size_bytes: 0,
    icmp_type: 0,
    icmp_code: 0,
    tcp_flags: 0,
    protocol: 0,
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
}

/** Read the next reply of a ping into an object, which takes all of its members. @internal */
export function readReply(reader: Reader, { sent, dst }: PingRecord, reply: PingReply): void {
  reader.countParts();
  const has = reader.beginBlock();
  let from = has & REPLY.globalFrom ? reader.globalAddress() : undefined;
  reader.expect(BYTES_BEFORE_FROM[(has >> 1) & 0x3ff] ?? 0);
  reply.flags = reader.u8If(has & REPLY.flags);
  reply.ttl = reader.u8If(has & REPLY.ttl);
  reply.size_bytes = reader.u16If(has & REPLY.size);
  reply.icmp_type = reader.u8If(has & REPLY.icmp);
  reply.icmp_code = reader.u8If(has & REPLY.icmp);
  reply.rtt_us = reader.u32If(has & REPLY.rtt);
  reply.seq = reader.u16If(has & REPLY.seq);
  reply.reply_ipid = reader.u16If(has & REPLY.replyIpid);
  reply.has_reply_ipid = (has & REPLY.replyIpid) !== 0;
  reply.probe_ipid = reader.u16If(has & REPLY.probeIpid);
  reply.protocol = has & REPLY.protocol ? reader.u8If(1) : icmpFor(dst);
  reply.tcp_flags = reader.u8If(has & REPLY.tcpFlags);
  if (has & REPLY.from) from = reader.address();
  reply.record_route = has & REPLY.recordRoute ? readAddresses(reader, reader.u8()) : undefined;
  reply.timestamps = has & REPLY.timestamps ? readTimestamps(reader) : undefined;
  reply.reply_ipid32 = has & REPLY.replyIpid32 ? reader.u32() : 0;
  reply.tx = has & REPLY.tx ? reader.timeval() : NO_TIME;
  reply.icmp_timestamps_ms = has & REPLY.icmpTimestamps ? readIcmpTimestamps(reader) : undefined;
  reply.probe_sport = has & REPLY.probeSport ? reader.u16() : undefined;
  reply.reply_tos = has & REPLY.tos ? reader.u8() : 0;
  reply.interface_name = has & REPLY.interface ? reader.interfaceName() : undefined;
  reply.icmp_nhmtu_bytes = has & REPLY.nextHopMtu ? reader.u16() : 0;
  reader.endBlock(LAST_OF_REPLY);
  if (from === undefined) reader.fail('malformed', 'ping reply without an address');
  reply.from = from;
  if (reply.seq >= sent) reader.fail('malformed', `reply to probe ${reply.seq} of ${sent}`);
}

/** The protocol of a reply that does not tell. */
function icmpFor(dst: Address): number {
  return dst.isIPv4 ? 1 : 58;
}

function readIcmpTimestamps(reader: Reader): [number, number, number] {
  return [reader.u32(), reader.u32(), reader.u32()];
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
