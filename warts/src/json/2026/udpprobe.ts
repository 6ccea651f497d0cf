import type { Timeval } from '../../records/types.js';
import type { UdpprobeProbe, UdpprobeRecord, UdpprobeReply } from '../../records/udpprobe.js';
import { hexadecimal, nameOf } from '../text.js';
import { errorMessage, monitor, span, spacedTime } from './common.js';

const STOPS = ['none', 'done', 'halted', 'error'];
const EXIT_FIRST = 0x01;

/** A UDP probe as sc_warts2json of 2026 prints it. */
export function udpprobeJson(record: UdpprobeRecord): string {
  return (
    '{"type":"udpprobe", "version":"0.1"' +
    (record.src === undefined ? '' : `, "src":"${record.src.toString()}"`) +
    (record.dst === undefined ? '' : `, "dst":"${record.dst.toString()}"`) +
    `, "userid":${record.userid}, "start":${spacedTime(record.start)}, "sport":${record.sport}` +
    `, "dport":${record.dport}, "wait_timeout":${spacedTime(span(record.wait_timeout_us))}` +
    (record.flags & EXIT_FIRST ? ', "flags":["exitfirst"]' : '') +
    `, "stop_reason":${nameOf(STOPS, record.stop_reason)}` +
    errorMessage(record.error) +
    (record.data === undefined ? '' : `, "data":"${hexadecimal(record.data)}"`) +
    `, "len":${record.data_length_bytes}, "probe_count":${record.probe_count}, "probe_sent":${record.probe_sent}` +
    `, "stop_count":${record.stop_count}` +
    monitor(record.list) +
    `, "probes":[${record.probes.map(probeJson).join(',')}]}`
  );
}

function probeJson({ tx, sport, replies }: UdpprobeProbe): string {
  const texts = replies.map((reply) => replyJson(tx, reply));
  return `{"tx":${spacedTime(tx)}, "sport":${sport}, "replyc":${replies.length}, "replies":[${texts.join(', ')}]}`;
}

function replyJson(tx: Timeval, { rx, length_bytes, data, interface_name }: UdpprobeReply): string {
  return (
    `{"rx":${spacedTime(rx)}, "rtt":${spacedTime(between(tx, rx))}, "len":${length_bytes}` +
    (data === undefined ? '' : `, "data":"${hexadecimal(data)}"`) +
    (interface_name === undefined ? '' : `, "ifname":${JSON.stringify(interface_name)}`) +
    '}'
  );
}

/** Seconds modulo 2^32: replies to another record's probe may be older than this one's. */
function between(from: Timeval, to: Timeval): Timeval {
  const [sec, usec] = [to.sec - from.sec, to.usec - from.usec];
  return usec < 0 ? { sec: (sec - 1) >>> 0, usec: usec + 1_000_000 } : { sec: sec >>> 0, usec };
}
