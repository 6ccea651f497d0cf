import type { Address } from '../../address.js';
import type { TraceHop } from '../../records/hop.js';
import type { PmtudNote, TracePmtud } from '../../records/trace-attributes.js';
import { lastTtl } from '../../trace-end.js';
import type { TraceRecord } from '../../records/trace.js';
import { ascii, type JsonWriter } from '../json-writer.js';
import { isTooBig } from '../trace.js';
import { writeHops } from './hops.js';

const PRINTED_VERSION = 2;
const NOTE_TYPES = [undefined, 'ptb', 'ptb-bad', 'silence'];
const SILENCE = 3;
/** Routers on one link share these bits: /30 and /126. */
const LINK_BITS = { v4: 30, v6: 126 };

const HOPS = ascii(',"hops":[');
const END = ascii('}');

/** Path MTU discovery as sc_warts2json of 2026 prints it, after version 2 alone. */
export function writePmtud(out: JsonWriter, trace: TraceRecord): void {
  const { pmtud } = trace;
  if (pmtud?.version !== PRINTED_VERSION) return;
  const mtu = pmtud.out_mtu_bytes === 0 ? pmtud.interface_mtu_bytes : pmtud.out_mtu_bytes;
  out.text(
    `,"pmtud":{"if_mtu":${pmtud.interface_mtu_bytes},"out_mtu":${mtu},"path_mtu":${pmtud.path_mtu_bytes}` +
      `,"probec":${probeCount(pmtud.hops)},"notec":${pmtud.notes.length}` +
      notesJson(trace, pmtud),
  );
  writeHops(out, HOPS, trace, pmtud.hops, 0, Infinity);
  out.put(END);
}

/** Neighbouring answers of one TTL, number and size are to one probe. */
function probeCount(hops: readonly TraceHop[]): number {
  return hops.filter((hop, i) => {
    const before = hops[i - 1];
    return (
      before === undefined ||
      before.probe_ttl !== hop.probe_ttl ||
      before.probe_id !== hop.probe_id ||
      before.probe_size_bytes !== hop.probe_size_bytes
    );
  }).length;
}

function notesJson(trace: TraceRecord, pmtud: TracePmtud): string {
  const [first] = pmtud.notes;
  if (first === undefined) return '';
  const isSilentFirst = first.type === SILENCE && first.hop === undefined;
  if (pmtud.out_mtu_bytes !== 0 && !isSilentFirst) return '';
  let farthest = 1;
  const notes = pmtud.notes.map((note) => {
    const answer = note.hop === undefined ? undefined : pmtud.hops[note.hop];
    const dist = distance(trace, note, answer, farthest);
    farthest = Math.max(farthest, dist ?? 0);
    return noteJson(note, answer, dist);
  });
  return `,"notes":[${notes.join(',')}]`;
}

function noteJson(note: PmtudNote, answer: TraceHop | undefined, dist: number | undefined): string {
  return (
    `{"nhmtu":${note.next_hop_mtu_bytes}` +
    (note.hop === undefined ? '' : `,"hop_id":${note.hop}`) +
    (dist === undefined ? '' : `,"dist":${dist}`) +
    `,"type":"${NOTE_TYPES[note.type] ?? note.type}"` +
    (answer !== undefined && isTooBig(answer.addr, answer.icmp_type, answer.icmp_code)
      ? `,"icmp_nhmtu":${answer.icmp_nhmtu_bytes}`
      : '') +
    (answer === undefined ? '' : `,"addr":"${answer.addr.toString()}"`) +
    '}'
  );
}

/** How many hops away the link with the MTU of a note begins; undefined if the trace does not tell. */
function distance(
  trace: TraceRecord,
  { type }: PmtudNote,
  answer: TraceHop | undefined,
  from: number,
): number | undefined {
  if (type === SILENCE) return answer?.probe_ttl ?? 0;
  if (answer === undefined) return undefined;
  const first = firstByTtl(trace.hops);
  const last = lastTtl(trace);
  for (let ttl = from; ttl <= last; ttl++) {
    if (first.get(ttl)?.toString() === answer.addr.toString()) return ttl;
  }
  const back = answer.probe_ttl - answer.icmp_q_ttl;
  if (back < 1 || back >= last) return undefined;
  const next = first.get(back + 1);
  return next !== undefined && areOnOneLink(next, answer.addr) ? back : back + 1;
}

function firstByTtl(hops: readonly TraceHop[]): Map<number, Address> {
  const first = new Map<number, Address>();
  for (const { probe_ttl, addr } of hops) if (!first.has(probe_ttl)) first.set(probe_ttl, addr);
  return first;
}

function areOnOneLink(a: Address, b: Address): boolean {
  if (a.type !== b.type) return false;
  const bits = a.isIPv4 ? LINK_BITS.v4 : LINK_BITS.v6;
  return [0, 1, 2, 3].every((index) => {
    const left = Math.min(32, Math.max(0, bits - 32 * index));
    const mask = left === 0 ? 0 : (-1 << (32 - left)) | 0;
    return ((word(a, index) ^ word(b, index)) & mask) === 0;
  });
}

function word({ word0, word1, word2, word3 }: Address, index: number): number {
  return [word0, word1, word2, word3][index] ?? 0;
}
