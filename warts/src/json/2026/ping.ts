import { ICMP, ICMP6, isAnswerByKind, TCP } from '../../ping-answers.js';
import {
  PING_ICMP_ECHO,
  PING_ICMP_TIME,
  PingFlag,
  PingReplyFlag,
  type PingRecord,
  type PingReply,
  type PingTimestamps,
} from '../../records/ping.js';
import type { Timeval } from '../../records/types.js';
import { addressList, PING_FLAGS, PING_METHODS, writeFigures, writeProtocol, writeWhat } from '../ping.js';
import { ascii, asciiOf, Names, type JsonWriter } from '../json-writer.js';
import { pingStatistics } from '../ping-statistics.js';
import { isTooBig } from '../trace.js';
import { hexadecimal } from '../text.js';
import { errorMessage, monitor, namedFlags } from './common.js';

const STOP_REASONS = ['none', 'done', 'error', 'halted', 'inprogress'];
/** Methods by what they probe with. */
const UDP_METHODS = [3, 4, 10];
const UDP_DPORT = 4;
/** Methods of which each probe has a source port of its own. */
const SPORT_METHODS = [2, 9, 10];

/** What stands between the values; where a value is text, with its quotes. */
const KEY = asciiOf({
  type: '{"type":"ping","version":"0.4","method":',
  src: ',"src":"',
  dst: ',"dst":"',
  rtr: ',"rtr":"',
  start: ',"start":{"sec":',
  usec: ',"usec":',
  stopReason: ',"stop_reason":',
  stopData: ',"stop_data":',
  sent: ',"ping_sent":',
  probeSize: ',"probe_size":',
  userid: ',"userid":',
  ttl: ',"ttl":',
  tos: ',"tos":',
  wait: ',"wait":',
  waitUs: ',"wait_us":',
  timeout: ',"timeout":',
  timeoutUs: ',"timeout_us":',
  sport: ',"sport":',
  dport: ',"dport":',
  tcpSeq: ',"tcp_seq":',
  tcpAck: ',"tcp_ack":',
  responses: ',"responses":[',
  replies: '],"no_responses":[],"statistics":{"replies":',
  loss: ',"loss":',
  min: ',"min":',
  max: ',"max":',
  avg: ',"avg":',
  stddev: ',"stddev":',
  duplicates: ',"ndups":',
  errors: ',"nerrs":',
  from: '{"from":"',
  replySize: ',"reply_size":',
  replyTtl: ',"reply_ttl":',
  seq: ',"seq":',
  tx: ',"tx":{"sec":',
  icmpId: ',"icmp_id":',
  icmpSeq: ',"icmp_seq":',
  udpSport: ',"udp_sport":',
  udpDport: ', "udp_dport":',
  tcpSport: ',"tcp_sport":',
  tcpDport: ', "tcp_dport":',
  probeIpid: ',"probe_ipid":',
  icmp: ',"reply_proto":"icmp"',
  tcp: ',"reply_proto":"tcp"',
  udp: ',"reply_proto":"udp"',
  protocol: ',"reply_proto":',
  rx: ',"rx":{"sec":',
  rtt: ',"rtt":',
  replyIpid: ',"reply_ipid":',
  replyTos: ',"reply_tos":',
  icmpType: ',"icmp_type":',
  icmpCode: ',"icmp_code":',
  nextHopMtu: ',"icmp_nhmtu":',
  tcpFlags: ',"tcp_flags":',
});
const METHOD_NAMES = new Names(PING_METHODS);
const STOP_NAMES = new Names(STOP_REASONS);
const COMMA = ascii(',');
const END = ascii('}');
const END_OF_STATISTICS = ascii('}}');

/** A ping as sc_warts2json of 2026 prints it. */
export function writePing(out: JsonWriter, ping: PingRecord): void {
  writeWhat(out, KEY, METHOD_NAMES, ping);
  out.put(KEY.stopReason);
  out.put(STOP_NAMES.of(ping.stop_reason));
  out.number(KEY.stopData, ping.stop_data);
  out.text(errorMessage(ping.error));
  out.number(KEY.sent, ping.sent);
  out.number(KEY.probeSize, ping.probe_size_bytes);
  out.number(KEY.userid, ping.userid);
  out.number(KEY.ttl, ping.ttl);
  out.number(KEY.tos, ping.tos);
  out.number(KEY.wait, ping.wait_s);
  if (ping.wait_us !== 0) out.number(KEY.waitUs, ping.wait_us);
  out.number(KEY.timeout, ping.timeout_s);
  if (ping.timeout_us !== 0) out.number(KEY.timeoutUs, ping.timeout_us);
  writeProbeFields(out, ping);
  out.text(monitor(ping.list));
  out.put(KEY.responses);
  writeResponses(out, ping);
  writeStatistics(out, ping);
}

const isIcmp = ({ method }: PingRecord): boolean => method === PING_ICMP_ECHO || method === PING_ICMP_TIME;
const isUdp = ({ method }: PingRecord): boolean => UDP_METHODS.includes(method);
const isTcp = (ping: PingRecord): boolean =>
  !isIcmp(ping) && !isUdp(ping) && ping.method < PING_METHODS.length;

function writeProbeFields(out: JsonWriter, ping: PingRecord): void {
  if (isUdp(ping) || isTcp(ping)) {
    out.number(KEY.sport, ping.sport);
    out.number(KEY.dport, ping.dport);
  }
  if (isTcp(ping)) {
    out.number(KEY.tcpSeq, ping.tcp_seq);
    out.number(KEY.tcpAck, ping.tcp_ack);
  }
  if (ping.data !== undefined) {
    out.text(`,"${ping.flags & PingFlag.Payload ? 'payload' : 'pattern'}":"${hexadecimal(ping.data)}"`);
  }
  out.text(namedFlags(',"flags":', PING_FLAGS, ping.flags, PING_FLAGS.length));
  if (isIcmp(ping) && ping.flags & PingFlag.IcmpChecksum) out.text(`,"icmp_csum":${ping.icmp_checksum}`);
  if (ping.timestamp_addresses !== undefined)
    out.text(`,"probe_tsps":[${addressList(ping.timestamp_addresses)}]`);
}

/** What is said of a probe is what its first reply says. */
function writeResponses(out: JsonWriter, ping: PingRecord): void {
  let probe: PingReply | undefined;
  for (const reply of ping.replies) {
    if (probe !== undefined) out.put(COMMA);
    if (reply.seq !== probe?.seq) probe = reply;
    writeResponse(out, ping, probe, reply);
  }
}

function writeResponse(out: JsonWriter, ping: PingRecord, probe: PingReply, reply: PingReply): void {
  const { flags } = reply;
  const { tx } = probe;
  out.address(KEY.from, reply.from);
  out.number(KEY.replySize, reply.size_bytes);
  out.number(KEY.replyTtl, reply.ttl);
  out.number(KEY.seq, reply.seq);
  if (tx.sec !== 0) out.time(KEY.tx, tx.sec, KEY.usec, tx.usec);
  writeProbe(out, ping, probe);
  if (probe.flags & PingReplyFlag.ProbeIpid) out.number(KEY.probeIpid, probe.probe_ipid);
  writeProtocol(out, KEY, reply.protocol);
  if (reply.interface_name !== undefined) out.text(`,"ifname":${JSON.stringify(reply.interface_name)}`);
  out.text(replyFlags(flags));
  if (tx.sec !== 0) writeArrival(out, tx, reply.rtt_us);
  out.milliseconds(KEY.rtt, reply.rtt_us);
  writeReplyIpid(out, ping, reply);
  if (flags & PingReplyFlag.Tos) out.number(KEY.replyTos, reply.reply_tos);
  writeHeaderFields(out, reply);
  if (reply.record_route !== undefined) out.text(`,"RR":[${addressList(reply.record_route)}]`);
  // of a list without timestamps the tool's library keeps none
  if (reply.timestamps !== undefined && reply.timestamps.timestamps_ms.length > 0)
    out.text(timestamps(ping, reply.timestamps));
  out.put(END);
}

/** What tells the probe that was answered from others. */
function writeProbe(out: JsonWriter, ping: PingRecord, { seq, probe_sport }: PingReply): void {
  if (isIcmp(ping)) {
    out.number(KEY.icmpId, ping.sport);
    out.number(KEY.icmpSeq, (ping.dport + seq) & 0xffff);
  } else if (isUdp(ping) || isTcp(ping)) {
    // A port of 0 is none, as in the tool.
    const sport =
      probe_sport || (SPORT_METHODS.includes(ping.method) ? ping.sport + seq : ping.sport) & 0xffff;
    const dport = (ping.method === UDP_DPORT ? ping.dport + seq : ping.dport) & 0xffff;
    out.number(isUdp(ping) ? KEY.udpSport : KEY.tcpSport, sport);
    out.number(isUdp(ping) ? KEY.udpDport : KEY.tcpDport, dport);
  }
}

function replyFlags(flags: number): string {
  if ((flags & (PingReplyFlag.DatalinkTx | PingReplyFlag.DatalinkRx)) === 0) return '';
  const names = [
    flags & PingReplyFlag.DatalinkTx ? '"dltxts"' : '',
    flags & PingReplyFlag.DatalinkRx ? '"dlrxts"' : '',
  ];
  return `,"reply_flags":[${names.filter((name) => name !== '').join(',')}]`;
}

function writeArrival(out: JsonWriter, tx: Timeval, rtt_us: number): void {
  const seconds = Math.floor(rtt_us / 1_000_000);
  const usec = tx.usec + rtt_us - seconds * 1_000_000;
  const carry = usec >= 1_000_000 ? 1 : 0;
  out.time(KEY.rx, (tx.sec + seconds + carry) >>> 0, KEY.usec, usec - carry * 1_000_000);
}

/** scamper keeps both identifiers in one place: that of IPv4 counts where the destination is of IPv4. */
function writeReplyIpid(out: JsonWriter, ping: PingRecord, reply: PingReply): void {
  const { from, flags, has_reply_ipid, reply_ipid, reply_ipid32 } = reply;
  const ipid = ping.dst.isIPv4 && has_reply_ipid ? reply_ipid : reply_ipid32;
  if (from.isIPv4) out.number(KEY.replyIpid, ipid & 0xffff);
  else if (from.isIPv6 && flags & PingReplyFlag.ReplyIpid) out.number(KEY.replyIpid, ipid);
}

function writeHeaderFields(out: JsonWriter, reply: PingReply): void {
  const { from, protocol } = reply;
  if (from.isIPv4 ? protocol === ICMP : from.isIPv6 && protocol === ICMP6) {
    out.number(KEY.icmpType, reply.icmp_type);
    out.number(KEY.icmpCode, reply.icmp_code);
    if (isTooBig(from, reply.icmp_type, reply.icmp_code)) out.number(KEY.nextHopMtu, reply.icmp_nhmtu_bytes);
  } else if (protocol === TCP) {
    out.number(KEY.tcpFlags, reply.tcp_flags);
  }
}

function timestamps(ping: PingRecord, { timestamps_ms, addresses }: PingTimestamps): string {
  if (ping.flags & PingFlag.TimestampOnly) return `,"tsonly":[${timestamps_ms.join(',')}]`;
  const pairs = timestamps_ms.map((ts, i) => {
    const ip = addresses[i];
    return `{"ts":${ts}${ip === undefined ? '' : `,"ip":"${ip.toString()}"`}}`;
  });
  return `,"tsandaddr":[${pairs.join(',')}]`;
}

/** Since 20230605 only answers of the kind that the method asks for count. */
function writeStatistics(out: JsonWriter, ping: PingRecord): void {
  const answers = ping.replies.filter((reply) => isAnswerByKind(ping, reply));
  const statistics = pingStatistics(ping.sent, answers);
  const { duplicates } = statistics;
  const errors = ping.replies.length - answers.length;
  writeFigures(out, KEY, statistics);
  if (duplicates !== 0) out.number(KEY.duplicates, duplicates);
  if (errors !== 0) out.number(KEY.errors, errors);
  out.put(END_OF_STATISTICS);
}
