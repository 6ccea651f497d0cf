/** A trace as its summary has it. */
export interface Trace {
  result: string;
  probe: string;
  /** as it was asked for */
  destination: string;
  /** the address that was measured */
  address: string;
  hash: string;
  /** by TTL from 1: who answered first; null: nobody */
  path: readonly (string | null)[];
  reached: boolean;
  rtt: number | null;
  /** of an mtr: what it says of each hop */
  hops: readonly Entry[];
  /** when its run was due, or when it came */
  at: string;
}

type Entry = Record<string, unknown>;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '–');
const numberIn = (value: unknown): number | null => (typeof value === 'number' ? value : null);

/** What answered at a TTL. */
export interface Hop {
  ttl: number;
  /** null: nothing answered */
  address: string | null;
  name: string | null;
  /** milliseconds, of each answer */
  rtts: readonly number[];
  /** of MPLS, the outermost first */
  labels: readonly number[];
  /** of an mtr, 0 to 1; null: not known */
  loss: number | null;
}

/** A result, as far as traces are made of it. */
interface Source {
  id: string;
  probe_id: string;
  scheduled_at: string | null;
  received_at: string;
  summary: readonly Entry[];
}

/** @returns the traces that results have, each of which may have several */
export function tracesOf(rows: readonly Source[]): Trace[] {
  return rows.flatMap((row) =>
    row.summary
      .filter(({ type }) => type === 'trace' || type === 'mtr')
      .map((entry) => ({
        result: row.id,
        probe: row.probe_id,
        destination: textOf(entry['destination'] ?? entry['dst']),
        address: textOf(entry['dst']),
        hash: textOf(entry['path_hash']),
        path: Array.isArray(entry['path']) ? (entry['path'] as (string | null)[]) : [],
        reached: entry['reached'] === true,
        rtt: numberIn(entry['rtt_ms'] ?? entry['rtt_avg_ms']),
        hops: Array.isArray(entry['hops']) ? (entry['hops'] as Entry[]) : [],
        at: row.scheduled_at ?? row.received_at,
      })),
  );
}

/** @returns of each pair of probe and destination the last trace up to a time; undefined: the newest */
export function lastUpTo(traces: readonly Trace[], at: string | undefined): Trace[] {
  const last = new Map<string, Trace>();
  for (const trace of traces)
    if (at === undefined || trace.at <= at) last.set(`${trace.probe} ${trace.destination}`, trace);
  return [...last.values()];
}

/** @returns what is known of each TTL of a trace; `decoded`: what the raw bytes of its result say */
export function hopsOf(trace: Trace, decoded: unknown): Hop[] {
  const records = (Array.isArray(decoded) ? decoded : []) as Entry[];
  const own = records.filter(({ type }) => type === 'trace');
  const record = own.find(({ dst }) => dst === trace.address) ?? (own.length === 1 ? own[0] : undefined);
  const answers = (Array.isArray(record?.['hops']) ? record['hops'] : []) as Entry[];
  return trace.path.map((address, index) => {
    const ttl = index + 1;
    const here = answers.filter(({ probe_ttl }) => probe_ttl === ttl);
    return {
      ttl,
      address,
      name: nameOf(here),
      rtts: rttsOf(here, trace.hops[index]),
      labels: labelsOf(here[0]),
      loss: numberIn(trace.hops[index]?.['loss']),
    };
  });
}

/** @returns the times of single answers, or of an mtr their mean */
function rttsOf(answers: readonly Entry[], hop: Entry | undefined): number[] {
  const mean = numberIn(hop?.['rtt_avg_ms']);
  if (mean !== null) return [mean];
  return answers.flatMap(({ rtt }) => (typeof rtt === 'number' ? [rtt] : []));
}

function nameOf(answers: readonly Entry[]): string | null {
  const name = answers[0]?.['name'];
  return typeof name === 'string' && name !== '' ? name : null;
}

/** RFC 4950: labels that the router put into its answer. */
function labelsOf(hop: Entry | undefined): number[] {
  const extensions = (Array.isArray(hop?.['icmpext']) ? hop['icmpext'] : []) as Entry[];
  return extensions
    .flatMap(({ mpls_labels }) => (Array.isArray(mpls_labels) ? (mpls_labels as Entry[]) : []))
    .flatMap(({ mpls_label }) => (typeof mpls_label === 'number' ? [mpls_label] : []));
}
