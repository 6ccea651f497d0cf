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
import { addressList, PING_FLAGS, PING_METHODS, protocolName } from '../ping.js';
import { pingStatistics } from '../ping-statistics.js';
import { isTooBig } from '../trace.js';
import { hexadecimal, milliseconds, nameOf } from '../text.js';
import { errorMessage, monitor, namedFlags } from './common.js';

const STOP_REASONS = ['none', 'done', 'error', 'halted', 'inprogress'];
/** Methods by what they probe with. */
const UDP_METHODS = [3, 4, 10];
const UDP_DPORT = 4;
/** Methods of which each probe has a source port of its own. */
const SPORT_METHODS = [2, 9, 10];

/** A ping as sc_warts2json of 2026 prints it. */
export function pingJson(ping: PingRecord): string {
  return (
    `{"type":"ping","version":"0.4","method":${nameOf(PING_METHODS, ping.method)}` +
    (ping.src === undefined ? '' : `,"src":"${ping.src.toString()}"`) +
    `,"dst":"${ping.dst.toString()}"` +
    (ping.rtr === undefined ? '' : `,"rtr":"${ping.rtr.toString()}"`) +
    `,"start":{"sec":${ping.start.sec},"usec":${ping.start.usec}}` +
    `,"stop_reason":${nameOf(STOP_REASONS, ping.stop_reason)},"stop_data":${ping.stop_data}` +
    errorMessage(ping.error) +
    `,"ping_sent":${ping.sent},"probe_size":${ping.probe_size_bytes},"userid":${ping.userid}` +
    `,"ttl":${ping.ttl},"tos":${ping.tos},"wait":${ping.wait_s}` +
    (ping.wait_us === 0 ? '' : `,"wait_us":${ping.wait_us}`) +
    `,"timeout":${ping.timeout_s}` +
    (ping.timeout_us === 0 ? '' : `,"timeout_us":${ping.timeout_us}`) +
    probeFields(ping) +
    monitor(ping.list) +
    `,"responses":[${responses(ping)}],"no_responses":[],"statistics":${statistics(ping)}}`
  );
}

const isIcmp = ({ method }: PingRecord): boolean => method === PING_ICMP_ECHO || method === PING_ICMP_TIME;
const isUdp = ({ method }: PingRecord): boolean => UDP_METHODS.includes(method);
const isTcp = (ping: PingRecord): boolean =>
  !isIcmp(ping) && !isUdp(ping) && ping.method < PING_METHODS.length;

function probeFields(ping: PingRecord): string {
  let text = '';
  if (isUdp(ping) || isTcp(ping)) text += `,"sport":${ping.sport},"dport":${ping.dport}`;
  if (isTcp(ping)) text += `,"tcp_seq":${ping.tcp_seq},"tcp_ack":${ping.tcp_ack}`;
  if (ping.data !== undefined) {
    text += `,"${ping.flags & PingFlag.Payload ? 'payload' : 'pattern'}":"${hexadecimal(ping.data)}"`;
  }
  text += namedFlags(',"flags":', PING_FLAGS, ping.flags, PING_FLAGS.length);
  if (isIcmp(ping) && ping.flags & PingFlag.IcmpChecksum) text += `,"icmp_csum":${ping.icmp_checksum}`;
  if (ping.timestamp_addresses !== undefined)
    text += `,"probe_tsps":[${addressList(ping.timestamp_addresses)}]`;
  return text;
}

/** What is said of a probe is what its first reply says. */
function responses(ping: PingRecord): string {
  let text = '';
  let probe: PingReply | undefined;
  for (const reply of ping.replies) {
    if (reply.seq !== probe?.seq) probe = reply;
    text += (text === '' ? '' : ',') + response(ping, probe, reply);
  }
  return text;
}

function response(ping: PingRecord, probe: PingReply, reply: PingReply): string {
  const { flags } = reply;
  const { tx } = probe;
  return (
    `{"from":"${reply.from.toString()}","reply_size":${reply.size_bytes},"reply_ttl":${reply.ttl},"seq":${reply.seq}` +
    (tx.sec === 0 ? '' : `,"tx":{"sec":${tx.sec},"usec":${tx.usec}}`) +
    probeOf(ping, probe) +
    (probe.flags & PingReplyFlag.ProbeIpid ? `,"probe_ipid":${probe.probe_ipid}` : '') +
    `,"reply_proto":${protocolName(reply.protocol)}` +
    (reply.interface_name === undefined ? '' : `,"ifname":${JSON.stringify(reply.interface_name)}`) +
    replyFlags(flags) +
    (tx.sec === 0 ? '' : `,"rx":${timeOf(tx, reply.rtt_us)}`) +
    `,"rtt":${milliseconds(reply.rtt_us)}` +
    replyIpid(ping, reply) +
    (flags & PingReplyFlag.Tos ? `,"reply_tos":${reply.reply_tos}` : '') +
    headerFields(reply) +
    (reply.record_route === undefined ? '' : `,"RR":[${addressList(reply.record_route)}]`) +
    (reply.timestamps === undefined ? '' : timestamps(ping, reply.timestamps)) +
    '}'
  );
}

/** What tells the probe that was answered from others. */
function probeOf(ping: PingRecord, { seq, probe_sport }: PingReply): string {
  if (isIcmp(ping)) return `,"icmp_id":${ping.sport},"icmp_seq":${(ping.dport + seq) & 0xffff}`;
  if (!isUdp(ping) && !isTcp(ping)) return '';
  const protocol = isUdp(ping) ? 'udp' : 'tcp';
  // A port of 0 is none, as in the tool.
  const sport = probe_sport || (SPORT_METHODS.includes(ping.method) ? ping.sport + seq : ping.sport) & 0xffff;
  const dport = (ping.method === UDP_DPORT ? ping.dport + seq : ping.dport) & 0xffff;
  return `,"${protocol}_sport":${sport}, "${protocol}_dport":${dport}`;
}

function replyFlags(flags: number): string {
  const names = [
    flags & PingReplyFlag.DatalinkTx ? '"dltxts"' : '',
    flags & PingReplyFlag.DatalinkRx ? '"dlrxts"' : '',
  ].filter((name) => name !== '');
  return names.length === 0 ? '' : `,"reply_flags":[${names.join(',')}]`;
}

function timeOf(tx: Timeval, rttUs: number): string {
  const usec = tx.usec + (rttUs % 1_000_000);
  const sec = tx.sec + Math.floor(rttUs / 1_000_000) + (usec >= 1_000_000 ? 1 : 0);
  return `{"sec":${sec >>> 0},"usec":${usec >= 1_000_000 ? usec - 1_000_000 : usec}}`;
}

/** scamper keeps both identifiers in one place: that of IPv4 counts where the destination is of IPv4. */
function replyIpid(ping: PingRecord, reply: PingReply): string {
  const { from, flags, has_reply_ipid, reply_ipid, reply_ipid32 } = reply;
  const ipid = ping.dst.isIPv4 && has_reply_ipid ? reply_ipid : reply_ipid32;
  if (from.isIPv4) return `,"reply_ipid":${ipid & 0xffff}`;
  return from.isIPv6 && flags & PingReplyFlag.ReplyIpid ? `,"reply_ipid":${ipid}` : '';
}

function headerFields(reply: PingReply): string {
  const { from, protocol, icmp_type, icmp_code } = reply;
  if (from.isIPv4 ? protocol === ICMP : from.isIPv6 && protocol === ICMP6) {
    const mtu = isTooBig({ addr: from, icmp_type, icmp_code })
      ? `,"icmp_nhmtu":${reply.icmp_nhmtu_bytes}`
      : '';
    return `,"icmp_type":${icmp_type},"icmp_code":${icmp_code}${mtu}`;
  }
  return protocol === TCP ? `,"tcp_flags":${reply.tcp_flags}` : '';
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
function statistics(ping: PingRecord): string {
  const answers = ping.replies.filter((reply) => isAnswerByKind(ping, reply));
  const { answered, duplicates, loss, rtt } = pingStatistics(ping.sent, answers);
  const errors = ping.replies.length - answers.length;
  return (
    `{"replies":${answered}` +
    (loss === undefined ? '' : `,"loss":${loss}`) +
    (rtt === undefined
      ? ''
      : `,"min":${milliseconds(rtt.min_us)},"max":${milliseconds(rtt.max_us)}` +
        `,"avg":${milliseconds(rtt.avg_us)},"stddev":${milliseconds(rtt.stddev_us)}`) +
    (duplicates === 0 ? '' : `,"ndups":${duplicates}`) +
    (errors === 0 ? '' : `,"nerrs":${errors}`) +
    '}'
  );
}
