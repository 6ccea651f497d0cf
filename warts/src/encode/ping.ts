import { ICMP, ICMP6, TCP } from '../ping-answers.js';
import { isTooBig } from '../json/trace.js';
import {
  PING_ICMP_ECHO,
  PING_ICMP_TIME,
  PingReplyFlag,
  type PingRecord,
  type PingReply,
  type PingTimestamps,
} from '../records/ping.js';
import type { Address } from '../address.js';
import { parameter as p, type ByteWriter } from './byte-writer.js';
import type { FileNumbers } from './file-numbers.js';

const LOW_FLAGS = 0xff;

/** A ping's body as scamper 20260420 writes it, with what else differs from a reader's defaults. */
export function writePing(out: ByteWriter, ping: PingRecord, numbers: FileNumbers): void {
  const { src, rtr, data, error, timestamp_addresses: tsps } = ping;
  const dataLength = data?.length ?? ping.data_length_bytes;
  const highFlags = ping.flags > LOW_FLAGS;
  out.parameters([
    p(1, ping.list !== undefined, () => out.u32(numbers.ofList(ping.list))),
    p(2, ping.cycle !== undefined, () => out.u32(numbers.ofCycle(ping.cycle))),
    [5, () => out.time(ping.start)],
    [6, () => out.u8(ping.stop_reason)],
    [7, () => out.u8(ping.stop_data)],
    p(8, dataLength > 0, () => out.u16(dataLength)),
    data && [9, () => out.raw(data)],
    [10, () => out.u16(ping.count)],
    [11, () => out.u16(ping.probe_size_bytes)],
    [12, () => out.u8(ping.wait_s)],
    [13, () => out.u8(ping.ttl)],
    p(14, ping.reply_count !== 0, () => out.u16(ping.reply_count)),
    [15, () => out.u16(ping.sent)],
    p(16, ping.method !== 0, () => out.u8(ping.method)),
    p(17, ping.sport !== 0, () => out.u16(ping.sport)),
    p(18, ping.dport !== 0, () => out.u16(ping.dport)),
    p(19, ping.userid !== 0, () => out.u32(ping.userid)),
    src && [20, () => out.address(src)],
    [21, () => out.address(ping.dst)],
    p(22, (ping.flags & LOW_FLAGS) !== 0, () => out.u8(ping.flags & LOW_FLAGS)),
    p(23, ping.tos !== 0, () => out.u8(ping.tos)),
    tsps && [
      24,
      () => {
        writeAddresses(out, tsps);
      },
    ],
    p(25, ping.icmp_checksum !== 0, () => out.u16(ping.icmp_checksum)),
    p(26, ping.pmtu_bytes !== 0, () => out.u16(ping.pmtu_bytes)),
    p(27, ping.timeout_s !== ping.wait_s, () => out.u8(ping.timeout_s)),
    p(28, ping.wait_us !== 0, () => out.u32(ping.wait_us)),
    p(29, ping.tcp_ack !== 0, () => out.u32(ping.tcp_ack)),
    p(30, highFlags, () => out.u32(ping.flags)),
    p(31, ping.tcp_seq !== 0, () => out.u32(ping.tcp_seq)),
    rtr && [32, () => out.fullAddress(rtr)],
    p(33, ping.timeout_us !== 0, () => out.u32(ping.timeout_us)),
    error === undefined ? undefined : [34, () => out.text(error)],
  ]);
  out.u16(ping.replies.length);
  for (const reply of ping.replies) writeReply(out, ping, reply);
}

function writeReply(out: ByteWriter, ping: PingRecord, reply: PingReply): void {
  const { flags, record_route, timestamps, icmp_timestamps_ms, probe_sport, interface_name } = reply;
  const has = (bit: number): boolean => (flags & bit) !== 0;
  out.parameters([
    p(2, flags !== 0, () => out.u8(flags)),
    p(3, has(PingReplyFlag.Ttl) || reply.ttl !== 0, () => out.u8(reply.ttl)),
    [4, () => out.u16(reply.size_bytes)],
    p(5, isIcmp(reply) || reply.icmp_type !== 0 || reply.icmp_code !== 0, () => {
      out.u8(reply.icmp_type);
      out.u8(reply.icmp_code);
    }),
    [6, () => out.u32(reply.rtt_us)],
    [7, () => out.u16(reply.seq)],
    p(8, reply.has_reply_ipid, () => out.u16(reply.reply_ipid)),
    p(9, (ping.dst.isIPv4 && has(PingReplyFlag.ProbeIpid)) || reply.probe_ipid !== 0, () =>
      out.u16(reply.probe_ipid),
    ),
    p(10, needsProtocol(ping, reply), () => out.u8(reply.protocol)),
    p(11, reply.protocol === TCP || reply.tcp_flags !== 0, () => out.u8(reply.tcp_flags)),
    [12, () => out.address(reply.from)],
    record_route && [
      13,
      () => {
        writeAddresses(out, record_route);
      },
    ],
    timestamps && [
      14,
      () => {
        writeTimestamps(out, timestamps);
      },
    ],
    p(15, (ping.dst.isIPv6 && has(PingReplyFlag.ReplyIpid)) || reply.reply_ipid32 !== 0, () =>
      out.u32(reply.reply_ipid32),
    ),
    p(16, reply.tx.sec !== 0 || reply.tx.usec !== 0, () => out.time(reply.tx)),
    icmp_timestamps_ms && [
      17,
      () => {
        icmp_timestamps_ms.forEach((ms) => out.u32(ms));
      },
    ],
    probe_sport === undefined ? undefined : [18, () => out.u16(probe_sport)],
    p(19, reply.reply_tos !== 0, () => out.u8(reply.reply_tos)),
    interface_name === undefined ? undefined : [20, () => out.interfaceName(interface_name)],
    p(21, isTooBigReply(reply) || reply.icmp_nhmtu_bytes !== 0, () => out.u16(reply.icmp_nhmtu_bytes)),
  ]);
}

function isIcmp({ from, protocol }: PingReply): boolean {
  return (from.isIPv4 && protocol === ICMP) || (from.isIPv6 && protocol === ICMP6);
}

function isTooBigReply(reply: PingReply): boolean {
  return isIcmp(reply) && isTooBig(reply.from, reply.icmp_type, reply.icmp_code);
}

function needsProtocol({ method, dst }: PingRecord, { protocol }: PingReply): boolean {
  const isIcmpMethod = method === PING_ICMP_ECHO || method === PING_ICMP_TIME;
  return !isIcmpMethod || protocol !== (dst.isIPv4 ? ICMP : ICMP6);
}

function writeAddresses(out: ByteWriter, addresses: readonly Address[]): void {
  out.u8(addresses.length);
  for (const address of addresses) out.address(address);
}

function writeTimestamps(out: ByteWriter, { timestamps_ms, addresses }: PingTimestamps): void {
  out.u8(timestamps_ms.length);
  out.u8(addresses.length);
  for (const ms of timestamps_ms) out.u32(ms);
  for (const address of addresses) out.address(address);
}
