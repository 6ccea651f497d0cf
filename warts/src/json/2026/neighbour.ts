import type { Address } from '../../address.js';
import type { NeighbourProbe, NeighbourRecord } from '../../records/neighbour.js';
import { nameOf } from '../text.js';
import { errorMessage, knownFlags, monitor, span, spacedTime } from './common.js';

const METHODS = [undefined, 'arp', 'nd-nsol'];
const FLAGS = ['allattempts', 'firstresponse'];

/** Neighbour discovery as sc_warts2json of 2026 prints it. */
export function neighbourJson(record: NeighbourRecord): string {
  return (
    `{"type":"neighbourdisc", "version":"0.1", "method":${nameOf(METHODS, record.method)}` +
    address('src_ip', record.src_ip) +
    address('src_mac', record.src_mac) +
    address('dst_ip', record.dst_ip) +
    address('dst_mac', record.dst_mac) +
    (record.interface_name === undefined ? '' : `, "ifname":${JSON.stringify(record.interface_name)}`) +
    `, "userid":${record.userid}, "attempts":${record.attempts}, "stop_count":${record.stop_count}` +
    `, "start":${spacedTime(record.start)}, "wait_timeout":${spacedTime(span(record.wait_ms * 1000))}` +
    errorMessage(record.error) +
    (record.flags === 0 ? '' : `, "flags":[${knownFlags(FLAGS, record.flags)}]`) +
    monitor(record.list) +
    `, "probes":[${record.probes.map(probeJson).join(',')}]}`
  );
}

function address(key: string, value: Address | undefined): string {
  return value === undefined ? '' : `, "${key}":"${value.toString()}"`;
}

function probeJson({ tx, replies }: NeighbourProbe): string {
  const texts = replies.map(({ rx, mac }) => `{"rx":${spacedTime(rx)}, "mac":"${mac.toString()}"}`);
  return `{"tx":${spacedTime(tx)}, "replyc":${replies.length}, "replies":[${texts.join(',')}]}`;
}
