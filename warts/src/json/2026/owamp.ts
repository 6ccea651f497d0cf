import type { OwampPacket, OwampReception, OwampRecord, OwampSlot } from '../../records/owamp.js';
import { nameOf } from '../text.js';
import { errorMessage, monitor, span, time } from './common.js';

const DIRECTIONS = ['tx', 'rx'];
const RESULTS = ['none', 'done', 'halted', 'error', 'noconn', 'notaccepted', 'nomode', 'timeout'];
const SLOTS = ['fixed', 'exponential'];

/** One-way delay as sc_warts2json of 2026 prints it. */
export function owampJson(record: OwampRecord): string {
  const slots = record.schedule.map(slotJson);
  return (
    `{"type":"owamp","dir":${nameOf(DIRECTIONS, record.direction)}` +
    (record.src === undefined ? '' : `,"src":"${record.src.toString()}"`) +
    (record.dst === undefined ? '' : `,"dst":"${record.dst.toString()}"`) +
    `,"dport":${record.dport},"start":${time(record.start)},"startat":${time(record.start_at)}` +
    `,"wait_timeout":${time(record.wait_timeout)},"hsrtt":${time(span(record.handshake_rtt_us))}` +
    `,"userid":${record.userid},"attempts":${record.attempts},"pktsize":${record.packet_size_bytes}` +
    `,"dscp":${record.dscp},"udp_sport":${record.udp_sport},"udp_dport":${record.udp_dport}` +
    `,"result":${nameOf(RESULTS, record.result)}` +
    errorMessage(record.error) +
    monitor(record.list) +
    (slots.length === 0 ? '' : `,"sched":[${slots.join(',')}]`) +
    `,"txs":[${record.packets.map(packetJson).join(',')}]}`
  );
}

function slotJson({ value, slot_type }: OwampSlot): string {
  return `{"value":${time(value)},"type":${nameOf(SLOTS, slot_type)}}`;
}

function packetJson({ tx, seq, error_estimate, sent, receptions }: OwampPacket): string {
  return (
    `{"stamp":${time(tx)},"seq":${seq}` +
    (error_estimate === undefined ? '' : `,"errest":${error_estimate}`) +
    `,"rxc":${receptions.length},"sent":${sent ? 1 : 0},"rxs":[${receptions.map(receptionJson).join(',')}]}`
  );
}

function receptionJson({ time: at, error_estimate, dscp, ttl }: OwampReception): string {
  return (
    `{"stamp":${time(at)}` +
    (error_estimate === undefined ? '' : `,"errest":${error_estimate}`) +
    (dscp === undefined ? '' : `,"dscp":${dscp}`) +
    (ttl === undefined ? '' : `,"ttl":${ttl}`) +
    '}'
  );
}
