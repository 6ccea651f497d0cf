import type { Address } from '../address.js';
import { ICMP, ICMP6, TCP, UDP } from '../ping-answers.js';
import {
  PING_ICMP_ECHO,
  PING_ICMP_TIME,
  PingFlag,
  PingReplyFlag,
  type PingRecord,
  type PingReply,
  type PingTimestamps,
} from '../records/ping.js';
import { writeEndpoints } from './endpoints.js';
import { type Ascii, ascii, asciiOf, Names, type JsonWriter } from './json-writer.js';
import { pingStatistics, type PingStatistics } from './ping-statistics.js';
import { flagNames, hexadecimal } from './text.js';

/** Names of `PingRecord.method`; 20211212 knows those before tcp-syn-sport. */
export const PING_METHODS = [
  'icmp-echo',
  'tcp-ack',
  'tcp-ack-sport',
  'udp',
  'udp-dport',
  'icmp-time',
  'tcp-syn',
  'tcp-synack',
  'tcp-rst',
  'tcp-syn-sport',
  'udp-sport',
];
const METHODS = PING_METHODS.slice(0, 9);
export const PING_FLAGS = [
  'v4rr',
  'spoof',
  'payload',
  'tsonly',
  'tsandaddr',
  'icmpsum',
  'dl',
  'tbt',
  'nosrc',
  'raw',
  'sockrx',
  'dltx',
];
const FLAGS = PING_FLAGS.slice(0, 9);

/** scamper's buffer for payloads holds 512 characters, the last of which ends the text. */
const MAX_DATA_DIGITS = 511;

/** What stands between the values; where a value is text, with its quotes. */
const KEY = asciiOf({
  type: '{"type":"ping", "version":"0.4", "method":',
  src: ', "src":"',
  dst: ', "dst":"',
  rtr: ', "rtr":"',
  start: ', "start":{"sec":',
  usec: ',"usec":',
  sent: ', "ping_sent":',
  probeSize: ', "probe_size":',
  userid: ', "userid":',
  ttl: ', "ttl":',
  wait: ', "wait":',
  waitUs: ', "wait_us":',
  timeout: ', "timeout":',
  sport: ', "sport":',
  dport: ', "dport":',
  tcpSeq: ', "tcp_seq":',
  tcpAck: ', "tcp_ack":',
  responses: ', "responses":[',
  replies: '],"statistics":{"replies":',
  loss: ', "loss":',
  min: ', "min":',
  max: ', "max":',
  avg: ', "avg":',
  stddev: ', "stddev":',
  from: '{"from":"',
  seq: ', "seq":',
  replySize: ', "reply_size":',
  replyTtl: ', "reply_ttl":',
  icmp: ', "reply_proto":"icmp"',
  tcp: ', "reply_proto":"tcp"',
  udp: ', "reply_proto":"udp"',
  protocol: ', "reply_proto":',
  tx: ', "tx":{"sec":',
  spacedUsec: ', "usec":',
  rx: ', "rx":{"sec":',
  rtt: ', "rtt":',
  probeIpid: ', "probe_ipid":',
  replyIpid: ', "reply_ipid":',
  icmpType: ', "icmp_type":',
  icmpCode: ', "icmp_code":',
  tcpFlags: ', "tcp_flags":',
});
const METHOD_NAMES = new Names(METHODS);
const COMMA = ascii(',');
const END = ascii('}');
const END_OF_STATISTICS = ascii('}}');

/** A ping as sc_warts2json prints it. */
export function writePing(out: JsonWriter, ping: PingRecord): void {
  writeWhat(out, KEY, METHOD_NAMES, ping);
  out.number(KEY.sent, ping.sent);
  out.number(KEY.probeSize, ping.probe_size_bytes);
  out.number(KEY.userid, ping.userid);
  out.number(KEY.ttl, ping.ttl);
  out.number(KEY.wait, ping.wait_s);
  if (ping.wait_us !== 0) out.number(KEY.waitUs, ping.wait_us);
  out.number(KEY.timeout, ping.timeout_s);
  writeProbeFields(out, ping);
  out.put(KEY.responses);
  let isFirst = true;
  for (const reply of ping.replies) {
    if (!isFirst) out.put(COMMA);
    isFirst = false;
    writeResponse(out, ping, reply);
  }
  writeStatistics(out, ping);
}

type WhatKey = 'type' | 'src' | 'dst' | 'rtr' | 'start' | 'usec';

/** What was measured, and when it began. */
export function writeWhat(
  out: JsonWriter,
  key: Readonly<Record<WhatKey, Ascii>>,
  methodNames: Names,
  ping: PingRecord,
): void {
  out.put(key.type);
  out.put(methodNames.of(ping.method));
  writeEndpoints(out, key, ping);
  out.time(key.start, ping.start.sec, key.usec, ping.start.usec);
}

function writeProbeFields(out: JsonWriter, ping: PingRecord): void {
  const { method } = ping;
  const isIcmp = method === PING_ICMP_ECHO || method === PING_ICMP_TIME;
  if (!isIcmp && method < METHODS.length) {
    out.number(KEY.sport, ping.sport);
    out.number(KEY.dport, ping.dport);
    if (method !== 3 && method !== 4) {
      out.number(KEY.tcpSeq, ping.tcp_seq);
      out.number(KEY.tcpAck, ping.tcp_ack);
    }
  }
  if (ping.data !== undefined) {
    const key = ping.flags & PingFlag.Payload ? 'payload' : 'pattern';
    out.text(`, "${key}":"${hexadecimal(ping.data.subarray(0, 256)).slice(0, MAX_DATA_DIGITS)}"`);
  }
  if (ping.flags !== 0) out.text(`, "flags":[${flagNames(FLAGS, ping.flags, FLAGS.length)}]`);
  if (isIcmp && ping.flags & PingFlag.IcmpChecksum) out.text(`, "icmp_csum": ${ping.icmp_checksum}`);
  if (ping.timestamp_addresses !== undefined)
    out.text(`, "probe_tsps":[${addressList(ping.timestamp_addresses)}]`);
}

export function addressList(addresses: readonly Address[]): string {
  return addresses.map((address) => `"${address.toString()}"`).join(',');
}

function writeResponse(out: JsonWriter, ping: PingRecord, reply: PingReply): void {
  out.address(KEY.from, reply.from);
  out.number(KEY.seq, reply.seq);
  out.number(KEY.replySize, reply.size_bytes);
  out.number(KEY.replyTtl, reply.ttl);
  writeProtocol(out, KEY, reply.protocol);
  if (reply.tx.sec !== 0) writeTimes(out, reply);
  out.milliseconds(KEY.rtt, reply.rtt_us);
  writeIdentifiers(out, reply);
  writeHeaderFields(out, reply);
  if (reply.record_route !== undefined) out.text(`, "RR":[${addressList(reply.record_route)}]`);
  if (reply.timestamps !== undefined) out.text(timestamps(ping, reply.timestamps));
  out.put(END);
}

export function writeProtocol(
  out: JsonWriter,
  key: Readonly<Record<'icmp' | 'tcp' | 'udp' | 'protocol', Ascii>>,
  protocol: number,
): void {
  if (protocol === ICMP || protocol === ICMP6) out.put(key.icmp);
  else if (protocol === TCP) out.put(key.tcp);
  else if (protocol === UDP) out.put(key.udp);
  else out.number(key.protocol, protocol);
}

/** When the probe left and when the reply came; a second is carried only where microseconds exceed a million. */
function writeTimes(out: JsonWriter, { tx, rtt_us }: PingReply): void {
  out.time(KEY.tx, tx.sec, KEY.spacedUsec, tx.usec);
  const seconds = Math.floor(rtt_us / 1_000_000);
  const usec = tx.usec + rtt_us - seconds * 1_000_000;
  const carry = usec > 1_000_000 ? 1 : 0;
  out.time(KEY.rx, (tx.sec + seconds + carry) >>> 0, KEY.spacedUsec, usec - carry * 1_000_000);
}

function writeIdentifiers(out: JsonWriter, reply: PingReply): void {
  if (reply.from.isIPv4) {
    out.number(KEY.probeIpid, reply.probe_ipid);
    out.number(KEY.replyIpid, reply.reply_ipid);
  } else if (reply.from.isIPv6 && reply.flags & PingReplyFlag.ReplyIpid) {
    out.number(KEY.replyIpid, reply.reply_ipid32);
  }
}

function writeHeaderFields(out: JsonWriter, reply: PingReply): void {
  if (reply.from.isIPv4 ? reply.protocol === ICMP : reply.from.isIPv6 && reply.protocol === ICMP6) {
    out.number(KEY.icmpType, reply.icmp_type);
    out.number(KEY.icmpCode, reply.icmp_code);
  } else if (reply.protocol === TCP) {
    out.number(KEY.tcpFlags, reply.tcp_flags);
  }
}

function timestamps(ping: PingRecord, { timestamps_ms, addresses }: PingTimestamps): string {
  if (ping.flags & PingFlag.TimestampOnly) return `, "tsonly":[${timestamps_ms.join(',')}]`;
  const pairs = addresses.map((ip, i) => `{"ip":"${ip.toString()}","ts":${timestamps_ms[i] ?? 0}}`);
  return `, "tsandaddr":[${pairs.join(',')}]`;
}

/** scamper 20211212 counts every reply as an answer, ICMP errors as well. */
function writeStatistics(out: JsonWriter, ping: PingRecord): void {
  writeFigures(out, KEY, pingStatistics(ping.sent, ping.replies));
  out.put(END_OF_STATISTICS);
}

type FigureKey = 'replies' | 'loss' | 'min' | 'max' | 'avg' | 'stddev';

export function writeFigures(
  out: JsonWriter,
  key: Readonly<Record<FigureKey, Ascii>>,
  { answered, loss, rtt }: PingStatistics,
): void {
  out.number(key.replies, answered);
  if (loss !== undefined) {
    out.put(key.loss);
    out.text(loss);
  }
  if (rtt !== undefined) {
    out.milliseconds(key.min, rtt.min_us);
    out.milliseconds(key.max, rtt.max_us);
    out.milliseconds(key.avg, rtt.avg_us);
    out.milliseconds(key.stddev, rtt.stddev_us);
  }
}
