import type { Address } from '../address.js';
import { ICMP, ICMP6, TCP } from '../ping-answers.js';
import {
  DEALIAS_REPLY_HAS_IPID32,
  type DealiasDefinition,
  type DealiasProbe,
  type DealiasRecord,
  type DealiasReply,
} from '../records/dealias.js';
import type { Ally, DealiasMethod, Prefixscan, Radargun } from '../records/dealias-method.js';
import { flagNames, nameOf } from './text.js';

/** Names of `DealiasRecord.result`; 20211212 knows those before error. */
export const DEALIAS_RESULTS = ['none', 'aliases', 'not-aliases', 'halted', 'ipid-echo', 'error'];
const RESULTS = DEALIAS_RESULTS.slice(0, 5);
const DEFINITION_METHODS = [
  undefined,
  'icmp-echo',
  'tcp-ack',
  'udp',
  'tcp-ack-sport',
  'udp-dport',
  'tcp-syn-sport',
];
const NOBS_FLAGS = ['nobs'];
const PREFIXSCAN_FLAGS = ['nobs', 'csa'];
const FLAG_BITS = 8;

/** A dealias record as sc_warts2json prints it; undefined for the methods of MIDAR, which it does not know. */
export function dealiasJson(dealias: DealiasRecord): string | undefined {
  if (isMidar(dealias.method)) return undefined;
  const { method, start, userid, result } = dealias;
  return (
    `{"type":"dealias","version":"0.2","method":"${method.name}", "userid":${userid}` +
    `, "result":${nameOf(RESULTS, result)}, "start":{"sec":${start.sec}, "usec":${start.usec}}` +
    methodFields(method) +
    `, "probedefs":[${dealias.definitions.map(definitionJson).join(', ')}]` +
    `, "probes":[${dealias.probes.map(probe).join(', ')}]}`
  );
}

/** sc_warts2json prints neither of them, in any version. */
export function isMidar({ name }: DealiasMethod): boolean {
  return name === 'midarest' || name === 'midardisc';
}

export function methodFields(method: DealiasMethod, isNew = false): string {
  switch (method.name) {
    case 'mercator':
      return `, "attempts":${method.attempts}, "wait_timeout":${method.wait_timeout_s}`;
    case 'ally':
      return allyFields(method);
    case 'radargun':
      return radargunFields(method);
    case 'prefixscan':
      return prefixscanFields(method, isNew);
    case 'midarest':
    case 'midardisc':
      return '';
    case 'bump':
      return `, "wait_probe":${method.wait_probe_ms}, "bump_limit":${method.bump_limit}, "attempts":${method.attempts}`;
  }
}

function flags(names: readonly string[], value: number): string {
  return value === 0 ? '' : `, "flags":[${flagNames(names, value, FLAG_BITS)}]`;
}

function allyFields(ally: Ally): string {
  return (
    `, "wait_probe":${ally.wait_probe_ms}, "wait_timeout":${ally.wait_timeout_s}` +
    `, "attempts":${ally.attempts}, "fudge":${ally.fudge}${flags(NOBS_FLAGS, ally.flags)}`
  );
}

function radargunFields(radargun: Radargun): string {
  return (
    `, "attempts":${radargun.attempts}, "wait_probe":${radargun.wait_probe_ms}` +
    `, "wait_round":${radargun.wait_round_ms}, "wait_timeout":${radargun.wait_timeout_s}` +
    flags(NOBS_FLAGS, radargun.flags)
  );
}

function prefixscanFields(scan: Prefixscan, isNew: boolean): string {
  const { a, b, ab, excluded } = scan;
  const of4 = ab !== undefined && b.isIPv4 && ab.isIPv4;
  return (
    `, "a":"${a.toString()}", "b":"${b.toString()}/${scan.prefix_length}"` +
    (ab === undefined || (isNew && !of4)
      ? ''
      : `, "ab":"${ab.toString()}/${of4 ? commonPrefix(b, ab) : NO_COMMON_PREFIX}"`) +
    (excluded.length === 0
      ? ''
      : `, "xs":[${excluded.map((x) => `"${x.toString()}"`).join(isNew ? ',' : ', ')}]`) +
    `, "attempts":${scan.attempts}, "replyc":${scan.reply_count}, "fudge":${scan.fudge}` +
    `, "wait_probe":${scan.wait_probe_ms}, "wait_timeout":${scan.wait_timeout_s}` +
    flags(PREFIXSCAN_FLAGS, scan.flags)
  );
}

/** What scamper 20211212 prints for IPv6; later versions print nothing. */
const NO_COMMON_PREFIX = 4294967295;

/**
 * Length of the longest prefix that holds both addresses as hosts: shorter than their common bits where one of them
 * would be the prefix's first or last address.
 */
function commonPrefix(b: Address, ab: Address): number {
  let length = Math.clz32(b.word0 ^ ab.word0);
  while (length > 0 && length < 31 && (isEdge(b.word0, length) || isEdge(ab.word0, length))) length--;
  return length;
}

/** Whether all bits behind a prefix of this length are zeros, or all are ones. */
function isEdge(word: number, prefixLength: number): boolean {
  const mask = 0xffffffff >>> prefixLength;
  const host = (word & mask) >>> 0;
  return host === 0 || host === mask;
}

export function definitionJson(def: DealiasDefinition): string {
  return (
    `{"id":${def.id}` +
    (def.src === undefined ? '' : `, "src":"${def.src.toString()}"`) +
    `, "dst":"${def.dst.toString()}"` +
    `, "ttl":${def.ttl}, "size":${def.size_bytes}, "method":${nameOf(DEFINITION_METHODS, def.method)}` +
    transport(def) +
    (def.mtu_bytes === 0 ? '' : `, "mtu":${def.mtu_bytes}`) +
    '}'
  );
}

function transport(def: DealiasDefinition): string {
  const sport = def.first_word >>> 16;
  const dport = def.first_word & 0xffff;
  switch (def.method) {
    case 1:
      return `, "icmp_id":${def.icmp_id}, "icmp_csum":${def.has_first_word ? dport : def.icmp_checksum}`;
    case 3:
    case 5:
      return `, "udp_sport":${sport}, "udp_dport":${dport}`;
    case 2:
    case 4:
    case 6:
      return `, "tcp_sport":${sport}, "tcp_dport":${dport}, "tcp_flags":${def.tcp_flags}`;
    default:
      return '';
  }
}

function probe({ definition: def, seq, tx, ipid, replies }: DealiasProbe): string {
  return (
    `{"probedef_id":${def.id}, "seq":${seq}, "tx":{"sec":${tx.sec}, "usec":${tx.usec}}` +
    (def.dst.isIPv4 ? `, "ipid":${ipid}` : '') +
    `, "replies":[${replies.map(reply).join(', ')}]}`
  );
}

function reply(from: DealiasReply): string {
  const { src, rx, ttl, protocol } = from;
  return (
    `{"src":"${src.toString()}", "rx":{"sec":${rx.sec}, "usec":${rx.usec}}, "ttl":${ttl}` +
    identifier(from) +
    `, "proto":${protocol}` +
    (protocol === ICMP || protocol === ICMP6 ? icmpFields(from) : '') +
    (protocol === TCP ? `, "tcp_flags":${from.tcp_flags}` : '') +
    '}'
  );
}

function identifier({ src, flags: bits, ipid, ipid32 }: DealiasReply): string {
  if (src.isIPv4) return `, "ipid": ${ipid}`;
  return bits & DEALIAS_REPLY_HAS_IPID32 ? `, "ipid": ${ipid32}` : '';
}

export function icmpFields({ protocol, icmp_type, icmp_code, icmp_q_ttl }: DealiasReply): string {
  const quotes = protocol === ICMP ? icmp_type === 3 || icmp_type === 11 : icmp_type === 1 || icmp_type === 3;
  return (
    `, "icmp_type":${icmp_type}, "icmp_code":${icmp_code}` + (quotes ? `, "icmp_q_ttl":${icmp_q_ttl}` : '')
  );
}
