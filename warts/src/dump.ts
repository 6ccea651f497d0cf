import { decodeEach } from './decode.js';
import { DUMP_TYPES, StreamDecoder, type DecodeLimits } from './decoder.js';
import type { WartsError } from './errors.js';
import { milliseconds } from './json/text.js';
import type { WartsRecord } from './record.js';
import type { TraceHop } from './records/hop.js';
import { StopReason, type TraceRecord } from './records/trace.js';
import { isFromDestination } from './trace-end.js';

/** What the rows of a dump hold, as comment lines. */
export const DUMP_HEADER = [
  '# One traceroute a line; fields are separated by tabs:',
  '# T, source, destination, list id, cycle id, start (s since 1970),',
  '# R (the destination replied) or N, its RTT in ms, TTL of the probe, TTL of the reply (0 0 0 for N),',
  '# halt reason (S success or none, U unreachable, L loop, G gap, ? other), halt data,',
  '# C (every hop up to the destination replied) or I,',
  '# then the hops: address,RTT in ms,number of the probe; several at one TTL joined by ";"; q where silent',
].join('\n');

/** Rows of every traceroute of a file, as sc_analysis_dump prints them, and what stopped reading before its end. */
export function dumpRows(bytes: Uint8Array, limits?: DecodeLimits): { rows: string[]; error?: WartsError } {
  const rows: string[] = [];
  const use = (record: WartsRecord): void => {
    const row = recordToDumpRow(record);
    if (row !== undefined) rows.push(row);
  };
  const error = decodeEach(bytes, use, new StreamDecoder(limits, DUMP_TYPES));
  return error === undefined ? { rows } : { rows, error };
}

/** The row of a traceroute; undefined for other records and for traces that failed before their first hop. */
export function recordToDumpRow(record: WartsRecord): string | undefined {
  if (record.type !== 'trace') return undefined;
  if (record.stop_reason === StopReason.Error && record.hop_count === 0) return undefined;
  const byTtl = hopsByTtl(record);
  const destination = destinationHop(record);
  const [halt, haltData] = haltReason(record, byTtl);
  const reply =
    destination === undefined
      ? 'N\t0\t0\t0'
      : `R\t${milliseconds(destination.rtt_us)}\t${destination.probe_ttl}\t${destination.reply_ttl}`;
  return (
    `T\t${record.src?.toString() ?? ''}\t${record.dst.toString()}` +
    `\t${(record.list?.id ?? 0) | 0}\t${(record.cycle?.id ?? 0) | 0}\t${record.start.sec}\t${reply}` +
    `\t${halt}\t${haltData}\t${isComplete(byTtl, destination) ? 'C' : 'I'}${path(byTtl, destination)}`
  );
}

/** Answers by TTL; index 0 stays empty. */
function hopsByTtl(trace: TraceRecord): TraceHop[][] {
  const byTtl: TraceHop[][] = Array.from({ length: trace.hop_count + 1 }, () => []);
  for (const hop of trace.hops) byTtl[hop.probe_ttl]?.push(hop);
  return byTtl;
}

/** The answer of the destination as the tool finds it: from the highest TTL down the first that only a destination gives. */
function destinationHop(trace: TraceRecord): TraceHop | undefined {
  if (trace.stop_reason === StopReason.Error) return undefined;
  const { hops } = trace;
  let found: TraceHop | undefined;
  for (let i = hops.length - 1; i >= 0; i--) {
    const hop = hops[i];
    if (hop === undefined || (found !== undefined && hop.probe_ttl < found.probe_ttl)) break;
    if (isFromDestination(trace, hop)) found = hop;
  }
  return found;
}

function haltReason(trace: TraceRecord, byTtl: TraceHop[][]): [string, number] {
  switch (trace.stop_reason) {
    case StopReason.None:
    case StopReason.Completed:
      return ['S', 0];
    case StopReason.Unreachable:
      return ['U', trace.stop_data];
    case StopReason.GapLimit:
      return ['G', trace.stop_data];
    case StopReason.Loop:
      return ['L', trace.stop_data === 0 ? loopLength(byTtl, trace.first_hop) : trace.stop_data];
    default:
      return ['?', 0];
  }
}

/** Distance from the first address met again to the nearest earlier TTL that has it; 0 without a loop. */
function loopLength(byTtl: TraceHop[][], firstHop: number): number {
  const lastTtl = new Map<string, number>();
  for (let ttl = firstHop; ttl < byTtl.length; ttl++) {
    const addresses = (byTtl[ttl] ?? []).map((hop) => hop.addr.toString());
    for (const address of addresses) {
      const earlier = lastTtl.get(address);
      if (earlier !== undefined) return ttl - earlier;
    }
    for (const address of addresses) lastTtl.set(address, ttl);
  }
  return 0;
}

function isComplete(byTtl: TraceHop[][], destination: TraceHop | undefined): boolean {
  if (destination === undefined) return false;
  for (let ttl = 1; ttl < destination.probe_ttl; ttl++) {
    if (byTtl[ttl]?.length === 0) return false;
  }
  return true;
}

/**
 * The hops of a row, each after a tab. The row ends at a destination that is the only answer of its TTL; if it is
 * the first of several, the others are printed, else only those before it, and the row goes on.
 */
function path(byTtl: TraceHop[][], destination: TraceHop | undefined): string {
  let text = '';
  let silent = '';
  for (const answers of byTtl.slice(1)) {
    const at = destination === undefined ? -1 : answers.indexOf(destination);
    if (at === 0 && answers.length === 1) break;
    const printed = at < 0 ? answers : at === 0 ? answers.slice(1) : answers.slice(0, at);
    if (printed.length === 0) {
      silent += '\tq';
      continue;
    }
    text += `${silent}\t${printed.map(hopText).join(';')}`;
    silent = '';
  }
  return text;
}

function hopText(hop: TraceHop): string {
  return `${hop.addr.toString()},${milliseconds(hop.rtt_us)},${hop.probe_id}`;
}
