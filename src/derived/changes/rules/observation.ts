import { type Summary } from '../../../measurement/formats/summary.js';
import { type SummaryType } from '../../../measurement/kinds/index.js';

/** What one entry of a summary says that can change. Absent: it says nothing of it. */
export interface Observation {
  /** tells one destination or question of an operation from others, for people */
  destination: string;
  /** by TTL from 1; null where none answered */
  path?: (string | null)[];
  /** milliseconds */
  rtt?: number;
  certificate?: Certificate;
  answers?: { rcode: string; records: string[] };
  /** of an HTTP answer */
  status?: number;
  /** of a time server */
  clock?: TimeServer;
}

export interface TimeServer {
  stratum: number;
  /** leap indicator; 3: not synchronised */
  leap: number;
}

export interface Certificate {
  fingerprint_sha256: string;
  subject: string | null;
  issuer: string | null;
  not_after: string | null;
}

/** A name or URL that is longer is cut in what is shown. */
const MOST_CHARACTERS = 255;

/** @returns undefined where nothing was measured, or nothing that changes */
export function observationOf(entry: Summary): Observation | undefined {
  const type = textIn(entry['type']) ?? '';
  return Object.hasOwn(READERS, type) ? READERS[type as SummaryType](entry) : undefined;
}

type Reader = (entry: Summary) => Observation | undefined;

/** What is read of an entry, by its type. */
const READERS: Readonly<Record<SummaryType, Reader>> = {
  ping: (entry) => measured(entry, ['destination', 'dst'], 'rtt_median_ms'),
  trace: (entry) => pathObservation(entry, 'rtt_ms'),
  dns: dnsObservation,
  http: (entry) => {
    const found = measured(entry, ['url'], 'connect_ms');
    const status = figureIn(entry['status']);
    return found && status !== undefined ? { ...found, status } : found;
  },
  tls: (entry) => {
    const found = measured(entry, ['destination', 'address'], 'connect_ms');
    const certificate = certificateIn(entry);
    const port = figureIn(entry['port']);
    const destination = found && `${found.destination} port ${port ?? '?'}`;
    return found && { ...found, destination: destination ?? '', ...(certificate && { certificate }) };
  },
  mtr: (entry) => pathObservation(entry, 'rtt_median_ms'),
  ntp: (entry) => {
    const found = measured(entry, ['destination', 'address'], 'delay_ms');
    const [stratum, leap] = [figureIn(entry['stratum']), figureIn(entry['leap'])];
    const isComplete = stratum !== undefined && leap !== undefined;
    return found && isComplete ? { ...found, clock: { stratum, leap } } : found;
  },
};

function pathObservation(entry: Summary, rttMember: string): Observation | undefined {
  const path: unknown = entry['path'];
  const found = measured(entry, ['destination', 'dst'], rttMember);
  return found && Array.isArray(path) ? { ...found, path: path.map((hop) => textIn(hop) ?? null) } : found;
}

function dnsObservation(entry: Summary): Observation | undefined {
  const found = measured(entry, ['name'], 'rtt_ms');
  if (found === undefined) return undefined;
  const [qtype = '', resolver = ''] = [textIn(entry['qtype']), textIn(entry['resolver'])];
  const [rcode, records] = [textIn(entry['rcode']), entry['answer_data']];
  // of a longer answer they are only the first ones, and others each time
  const isWhole = Array.isArray(records) && records.length === entry['answers'];
  return {
    ...found,
    destination: `${found.destination} ${qtype} @${resolver}`,
    ...(rcode !== undefined &&
      isWhole && { answers: { rcode, records: records.filter((each) => isText(each)) } }),
  };
}

function measured(entry: Summary, names: readonly string[], rttMember: string): Observation | undefined {
  const destination = names.map((name) => textIn(entry[name])).find(isText);
  if (destination === undefined) return undefined;
  const rtt = figureIn(entry[rttMember]);
  return { destination: destination.slice(0, MOST_CHARACTERS), ...(rtt !== undefined && { rtt }) };
}

function certificateIn(entry: Summary): Certificate | undefined {
  const fingerprint = textIn(entry['fingerprint_sha256']);
  if (fingerprint === undefined) return undefined;
  const words = (member: string) => textIn(entry[member])?.slice(0, MOST_CHARACTERS) ?? null;
  return {
    fingerprint_sha256: fingerprint.slice(0, MOST_CHARACTERS),
    subject: words('subject'),
    issuer: words('issuer'),
    not_after: words('not_after'),
  };
}

function textIn(value: unknown): string | undefined {
  return isText(value) ? value : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function figureIn(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
