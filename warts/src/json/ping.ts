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
import type { Timeval } from '../records/types.js';
import { pingStatistics } from './ping-statistics.js';
import { flagNames, hexadecimal, milliseconds, nameOf } from './text.js';

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

/** A ping as sc_warts2json prints it. */
export function pingJson(ping: PingRecord): string {
  return (
    `{"type":"ping", "version":"0.4", "method":${nameOf(METHODS, ping.method)}` +
    (ping.src === undefined ? '' : `, "src":"${ping.src.toString()}"`) +
    `, "dst":"${ping.dst.toString()}"` +
    (ping.rtr === undefined ? '' : `, "rtr":"${ping.rtr.toString()}"`) +
    `, "start":{"sec":${ping.start.sec},"usec":${ping.start.usec}}` +
    `, "ping_sent":${ping.sent}, "probe_size":${ping.probe_size_bytes}, "userid":${ping.userid}` +
    `, "ttl":${ping.ttl}, "wait":${ping.wait_s}` +
    (ping.wait_us === 0 ? '' : `, "wait_us":${ping.wait_us}`) +
    `, "timeout":${ping.timeout_s}` +
    probeFields(ping) +
    `, "responses":[${responses(ping)}],"statistics":${statistics(ping)}}`
  );
}

function probeFields(ping: PingRecord): string {
  const { method } = ping;
  const isIcmp = method === PING_ICMP_ECHO || method === PING_ICMP_TIME;
  const isTcp = !isIcmp && method !== 3 && method !== 4 && method < METHODS.length;
  let text = '';
  if (!isIcmp && method < METHODS.length) text += `, "sport":${ping.sport}, "dport":${ping.dport}`;
  if (isTcp) text += `, "tcp_seq":${ping.tcp_seq}, "tcp_ack":${ping.tcp_ack}`;
  if (ping.data !== undefined) {
    const key = ping.flags & PingFlag.Payload ? 'payload' : 'pattern';
    text += `, "${key}":"${hexadecimal(ping.data.subarray(0, 256)).slice(0, MAX_DATA_DIGITS)}"`;
  }
  if (ping.flags !== 0) text += `, "flags":[${flagNames(FLAGS, ping.flags, FLAGS.length)}]`;
  if (isIcmp && ping.flags & PingFlag.IcmpChecksum) text += `, "icmp_csum": ${ping.icmp_checksum}`;
  if (ping.timestamp_addresses !== undefined)
    text += `, "probe_tsps":[${addressList(ping.timestamp_addresses)}]`;
  return text;
}

export function addressList(addresses: readonly Address[]): string {
  return addresses.map((address) => `"${address.toString()}"`).join(',');
}

function responses(ping: PingRecord): string {
  let text = '';
  for (const reply of ping.replies) text += (text === '' ? '' : ',') + response(ping, reply);
  return text;
}

function response(ping: PingRecord, reply: PingReply): string {
  return (
    `{"from":"${reply.from.toString()}", "seq":${reply.seq}` +
    `, "reply_size":${reply.size_bytes}, "reply_ttl":${reply.ttl}, "reply_proto":${protocolName(reply.protocol)}` +
    times(reply.tx, reply.rtt_us) +
    `, "rtt":${milliseconds(reply.rtt_us)}` +
    identifiers(reply) +
    headerFields(reply) +
    (reply.record_route === undefined ? '' : `, "RR":[${addressList(reply.record_route)}]`) +
    (reply.timestamps === undefined ? '' : timestamps(ping, reply.timestamps)) +
    '}'
  );
}

export function protocolName(protocol: number): string {
  if (protocol === ICMP || protocol === ICMP6) return '"icmp"';
  if (protocol === TCP) return '"tcp"';
  return protocol === UDP ? '"udp"' : String(protocol);
}

/** When the probe left and when the reply came; a second is carried only where microseconds exceed a million. */
function times(tx: Timeval, rttUs: number): string {
  if (tx.sec === 0) return '';
  let sec = tx.sec + Math.floor(rttUs / 1_000_000);
  let usec = tx.usec + (rttUs % 1_000_000);
  if (usec > 1_000_000) {
    sec++;
    usec -= 1_000_000;
  }
  return `, "tx":{"sec":${tx.sec}, "usec":${tx.usec}}, "rx":{"sec":${sec >>> 0}, "usec":${usec}}`;
}

function identifiers(reply: PingReply): string {
  if (reply.from.isIPv4) return `, "probe_ipid":${reply.probe_ipid}, "reply_ipid":${reply.reply_ipid}`;
  return reply.from.isIPv6 && reply.flags & PingReplyFlag.ReplyIpid
    ? `, "reply_ipid":${reply.reply_ipid32}`
    : '';
}

function headerFields(reply: PingReply): string {
  if (reply.from.isIPv4 ? reply.protocol === ICMP : reply.from.isIPv6 && reply.protocol === ICMP6) {
    return `, "icmp_type":${reply.icmp_type}, "icmp_code":${reply.icmp_code}`;
  }
  return reply.protocol === TCP ? `, "tcp_flags":${reply.tcp_flags}` : '';
}

function timestamps(ping: PingRecord, { timestamps_ms, addresses }: PingTimestamps): string {
  if (ping.flags & PingFlag.TimestampOnly) return `, "tsonly":[${timestamps_ms.join(',')}]`;
  const pairs = addresses.map((ip, i) => `{"ip":"${ip.toString()}","ts":${timestamps_ms[i] ?? 0}}`);
  return `, "tsandaddr":[${pairs.join(',')}]`;
}

/** scamper 20211212 counts every reply as an answer, ICMP errors as well. */
function statistics(ping: PingRecord): string {
  const { answered, loss, rtt } = pingStatistics(ping.sent, ping.replies);
  return (
    `{"replies":${answered}` +
    (loss === undefined ? '' : `, "loss":${loss}`) +
    (rtt === undefined
      ? ''
      : `, "min":${milliseconds(rtt.min_us)}, "max":${milliseconds(rtt.max_us)}` +
        `, "avg":${milliseconds(rtt.avg_us)}, "stddev":${milliseconds(rtt.stddev_us)}`) +
    '}'
  );
}
