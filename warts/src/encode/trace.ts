import { isTooBig } from '../json/trace.js';
import { HopFlag, isQuoting, type TraceHop } from '../records/hop.js';
import type { IcmpExtension } from '../records/icmp-extension.js';
import type { Doubletree, PmtudNote, TracePmtud } from '../records/trace-attributes.js';
import type { TraceRecord } from '../records/trace.js';
import { EncodeError, parameter as p, type ByteWriter } from './byte-writer.js';
import type { FileNumbers } from './file-numbers.js';

const LOW_FLAGS = 0xff;
const PMTUD = 1;
const LAST_DITCH = 2;
const DOUBLETREE = 3;
const MAX_ATTRIBUTE_BYTES = 0xfff;

/** A traceroute's body as scamper 20260420 writes it, with what else differs from a reader's defaults. */
export function writeTrace(out: ByteWriter, trace: TraceRecord, numbers: FileNumbers): void {
  const { src, rtr, error } = trace;
  out.parameters([
    [1, () => out.u32(numbers.ofList(trace.list))],
    [2, () => out.u32(numbers.ofCycle(trace.cycle))],
    [5, () => out.time(trace.start)],
    [6, () => out.u8(trace.stop_reason)],
    [7, () => out.u8(trace.stop_data)],
    p(8, (trace.flags & LOW_FLAGS) !== 0, () => out.u8(trace.flags & LOW_FLAGS)),
    [9, () => out.u8(trace.attempts)],
    [10, () => out.u8(trace.hop_limit)],
    [11, () => out.u8(trace.method)],
    [12, () => out.u16(trace.probe_size_bytes)],
    [13, () => out.u16(trace.sport)],
    [14, () => out.u16(trace.dport)],
    [15, () => out.u8(trace.first_hop)],
    [16, () => out.u8(trace.tos)],
    [17, () => out.u8(trace.wait_s)],
    [18, () => out.u8(trace.loops)],
    [19, () => out.u16(trace.hop_count)],
    [20, () => out.u8(trace.gap_limit)],
    [21, () => out.u8(trace.gap_action)],
    [22, () => out.u8(trace.loop_action)],
    [23, () => out.u16(trace.probe_count)],
    [24, () => out.u8(trace.wait_probe_cs)],
    [25, () => out.u8(trace.confidence)],
    src && [26, () => out.address(src)],
    [27, () => out.address(trace.dst)],
    p(28, trace.userid !== 0, () => out.u32(trace.userid)),
    p(29, trace.fragment_offset !== 0, () => out.u16(trace.fragment_offset)),
    rtr && [30, () => out.fullAddress(rtr)],
    p(31, trace.squeries !== 0, () => out.u8(trace.squeries)),
    p(32, trace.flags > LOW_FLAGS, () => out.u32(trace.flags)),
    p(33, trace.stop_hop !== 0, () => out.u8(trace.stop_hop)),
    error === undefined ? undefined : [34, () => out.text(error)],
  ]);
  writeHops(out, trace, trace.hops);
  const { pmtud, last_ditch, doubletree } = trace;
  if (pmtud !== undefined)
    writeAttribute(out, PMTUD, () => {
      writePmtud(out, trace, pmtud);
    });
  if (last_ditch.length > 0)
    writeAttribute(out, LAST_DITCH, () => {
      writeLastDitch(out, trace);
    });
  if (doubletree !== undefined)
    writeAttribute(out, DOUBLETREE, () => {
      writeDoubletree(out, doubletree);
    });
  out.u16(0);
}

function writeHops(out: ByteWriter, trace: TraceRecord, hops: readonly TraceHop[]): void {
  out.u16(hops.length);
  for (const hop of hops) writeHop(out, trace, hop);
}

function writeHop(out: ByteWriter, trace: TraceRecord, hop: TraceHop): void {
  const { name, extensions } = hop;
  const isTcp = (hop.flags & HopFlag.Tcp) !== 0;
  const isIcmp = (hop.flags & (HopFlag.Tcp | HopFlag.Udp)) === 0;
  const quotes = isQuoting(hop.addr, hop.icmp_type);
  out.parameters([
    [2, () => out.u8(hop.probe_ttl)],
    [3, () => out.u8(hop.reply_ttl)],
    [4, () => out.u8(hop.flags)],
    p(5, hop.probe_id > 0, () => out.u8(hop.probe_id - 1)),
    [6, () => out.u32(hop.rtt_us)],
    p(7, isIcmp || hop.icmp_code !== 0 || (!isTcp && hop.icmp_type !== 0), () => {
      out.u8(hop.icmp_type);
      out.u8(hop.icmp_code);
    }),
    [8, () => out.u16(hop.probe_size_bytes)],
    [9, () => out.u16(hop.reply_size_bytes)],
    p(10, hop.reply_ipid !== 0, () => out.u16(hop.reply_ipid)),
    [11, () => out.u8(hop.reply_tos)],
    p(12, (isIcmp && isTooBig(hop.addr, hop.icmp_type, hop.icmp_code)) || hop.icmp_nhmtu_bytes !== 0, () =>
      out.u16(hop.icmp_nhmtu_bytes),
    ),
    p(13, needsQuotedLength(trace, hop, isIcmp), () => out.u16(hop.icmp_q_ipl_bytes)),
    p(14, hop.icmp_q_ttl !== (quotes ? 1 : 0), () => out.u8(hop.icmp_q_ttl)),
    p(15, isTcp, () => out.u8(hop.tcp_flags)),
    p(16, (isIcmp && quotes) || hop.icmp_q_tos !== 0, () => out.u8(hop.icmp_q_tos)),
    extensions && [
      17,
      () => {
        writeExtensions(out, extensions);
      },
    ],
    [18, () => out.address(hop.addr)],
    p(19, hop.tx.sec !== 0 || hop.tx.usec !== 0, () => out.time(hop.tx)),
    name === undefined ? undefined : [20, () => out.text(name)],
  ]);
}

/** scamper leaves it out where it is the trace's probe size, a reader fills in that of the hop's probe. */
function needsQuotedLength(trace: TraceRecord, hop: TraceHop, isIcmp: boolean): boolean {
  const quotes = isQuoting(hop.addr, hop.icmp_type);
  if (hop.icmp_q_ipl_bytes !== (quotes ? hop.probe_size_bytes : 0)) return true;
  return isIcmp && quotes && hop.icmp_q_ipl_bytes !== trace.probe_size_bytes;
}

function writeExtensions(out: ByteWriter, extensions: readonly IcmpExtension[]): void {
  out.u16(extensions.reduce((sum, { data }) => sum + 4 + data.length, 0));
  for (const { class: number, type, data } of extensions) {
    out.u16(data.length);
    out.u8(number);
    out.u8(type);
    out.raw(data);
  }
}

/** A type and a length in 16 bits, then the attribute. */
function writeAttribute(out: ByteWriter, type: number, write: () => void): void {
  const at = out.position;
  out.u16(0);
  write();
  const length = out.position - at - 2;
  if (length > MAX_ATTRIBUTE_BYTES) throw new EncodeError(`attribute of a trace of ${length} bytes`);
  out.patchU16(at, (type << 12) | length);
}

function writePmtud(out: ByteWriter, trace: TraceRecord, pmtud: TracePmtud): void {
  const { notes, version } = pmtud;
  out.parameters([
    p(1, pmtud.interface_mtu_bytes !== 0, () => out.u16(pmtud.interface_mtu_bytes)),
    p(2, pmtud.path_mtu_bytes !== 0, () => out.u16(pmtud.path_mtu_bytes)),
    p(3, pmtud.out_mtu_bytes !== 0, () => out.u16(pmtud.out_mtu_bytes)),
    [4, () => out.u8(version)],
    p(5, notes.length > 0, () => out.u8(notes.length)),
  ]);
  writeHops(out, trace, pmtud.hops);
  for (const note of notes) writeNote(out, note);
}

function writeNote(out: ByteWriter, { type, next_hop_mtu_bytes, hop }: PmtudNote): void {
  out.parameters([
    [1, () => out.u8(type)],
    [2, () => out.u16(next_hop_mtu_bytes)],
    hop === undefined ? undefined : [3, () => out.u16(hop)],
  ]);
}

function writeLastDitch(out: ByteWriter, trace: TraceRecord): void {
  out.parameters([]);
  writeHops(out, trace, trace.last_ditch);
}

function writeDoubletree(out: ByteWriter, doubletree: Doubletree): void {
  const { local_stop, global_stop, local_stop_set } = doubletree;
  out.parameters([
    [3, () => out.u8(doubletree.first_hop)],
    local_stop && [4, () => out.address(local_stop)],
    global_stop && [5, () => out.address(global_stop)],
    local_stop_set === undefined ? undefined : [6, () => out.text(local_stop_set)],
    p(7, doubletree.flags !== 0, () => out.u8(doubletree.flags)),
  ]);
}
