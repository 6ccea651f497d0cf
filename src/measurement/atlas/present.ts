import { type Destination, type DnsEntry, dnsEntry, httpEntry, ntpEntry, tlsEntry } from '@pladmed/protocol';
import { type z } from 'zod';
import { layBesideDestinations } from '../formats/destinations.js';
import { type Summary } from '../formats/summary.js';
import { KINDS } from '../kinds/index.js';
import {
  askedFamily,
  type AtlasKind,
  atlasKind,
  commonMembers,
  familyOf,
  intervalOf,
  isMembers,
  type Measured,
  type Members,
  numberIn,
  type Run,
  type RunResult,
  textIn,
  timeOf,
} from './common.js';
import { dnsError, dnsMembers } from './dns.js';
import { httpMembers } from './http.js';
import { ntpMembers } from './ntp.js';
import { digMembers, globalpingMembers } from './other-probes.js';
import { NO_PACKETS, pingMembers, protocolOf } from './ping.js';
import { sslcertMembers } from './sslcert.js';
import { tracerouteMembers } from './traceroute.js';

/** Failed runs that say nothing of what was measured: the probe was away, or had no room to keep what it had measured. */
export const UNSHOWN: readonly string[] = ['missed', 'given_up'];
const UNRESOLVED = new Set(['unresolved', 'resolver_failed']);
const PACKETS = new Set(['ping', 'traceroute']);
const HTTPS_PORT = 443;

type OneOrMore<T> = [T, ...T[]];

function isShown({ outcome, failure }: Run['result']): boolean {
  return outcome !== 'failed' || !UNSHOWN.includes(failure?.reason ?? '');
}

/** A result with all that its words in Atlas are made of. */
export interface WholeRun {
  /** with the format of its raw bytes; absent: nothing was brought */
  head: RunResult & { format?: string | undefined };
  /** that has made the run, with the version of its program where it said one */
  probe: { number: number; version: string | undefined };
  /** what the raw bytes say, as `view=json` of the API shows it: a list. null: they are not kept. undefined: too much */
  decoded: unknown;
}

/**
 * @param whole undefined: nothing is known of it any more
 * @returns a result of Atlas for each destination of the run, in order; members that are undefined are absent. None where Atlas
 *   has no type for what was measured, or nothing to say of a run that failed
 */
export function atlasResultsOf(operation: Measured, whole: WholeRun | undefined): Members[] {
  const kind = atlasKind(operation);
  if (kind === undefined || whole === undefined) return [];
  const { number, params } = operation;
  const { head: result, probe, decoded } = whole;
  const run: Run = {
    ...{ msm: number, prb: probe.number, version: probe.version, kind, params },
    ...{ result, format: result.format, stepS: intervalOf(operation) ?? undefined },
  };
  return atlasResults(run, decoded);
}

/** The same of a run that is put together. */
export function atlasResults(run: Run, decoded: unknown): Members[] {
  const common = commonMembers(run);
  return bodiesOf(run, decoded).map((body) => ({ ...common, ...body }));
}

function bodiesOf(run: Run, decoded: unknown): Members[] {
  const { outcome, failure } = run.result;
  if (!isShown(run.result)) return [];
  if (outcome === 'failed') {
    const { reason = 'tool_failed', detail = '' } = failure ?? {};
    return destinationsOf(run).map((destination) =>
      failureOf(run, { destination, reason, text: detail === '' ? reason : `${reason}: ${detail}` }),
    );
  }
  const bodies = doneBodies(run, decoded);
  if (bodies.length > 0) return bodies;
  const text = unreadOf(decoded);
  return destinationsOf(run).map((destination) =>
    failureOf(run, { destination, reason: 'tool_failed', text }),
  );
}

/** Why nothing is shown of what was measured. */
function unreadOf(decoded: unknown): string {
  if (decoded === undefined) return 'the raw bytes say more than is shown here';
  return decoded === null ? 'the raw bytes are not kept' : 'nothing can be read';
}

/** What was done, by the kind of probe that did it. */
function doneBodies(run: Run, decoded: unknown): Members[] {
  // what dig printed for a classic probe
  if (run.format === 'gzip')
    return typeof decoded === 'string' ? digMembers(decoded, textIn(run.params, 'resolver')) : [];
  const list = Array.isArray(decoded) ? (decoded as unknown[]).filter(isMembers) : [];
  if (run.format === 'globalping') return ofTests(run, list);
  return PACKETS.has(run.kind) ? ofPackets(run, list) : ofEntries(run, list);
}

// ---- Globalping's probes: a test for each destination

function ofTests(run: Run, tests: readonly Members[]): Members[] {
  const { summary = [] } = run.result;
  return tests.map((test, index) => {
    const figures = summary[index] ?? {};
    const destination = textIn(test, 'target') ?? '';
    const body = globalpingMembers(run.kind, test, figures);
    if (body !== undefined)
      return { dst_name: run.kind === 'dns' ? textIn(run.params, 'resolver') : destination, ...body };
    const text = textIn(figures, 'error') ?? 'the test has failed';
    const asked = run.kind === 'http' ? (textIn(figures, 'url') ?? destination) : destination;
    const address = textIn(figures, 'dst') ?? textIn(figures, 'address');
    return failureOf(run, { destination: asked, address, reason: 'tool_failed', text });
  });
}

/** As they were asked for. */
function destinationsOf({ kind, params }: Run): string[] {
  const named = KINDS[kind].params.destinationsOf(params);
  return named.length > 0 ? named : [textIn(params, 'x') ?? ''];
}

// ---- ping and traceroute: what scamper wrote, one record for each destination

function ofPackets(run: Run, records: readonly Members[]): Members[] {
  const { destinations = [], summary = [] } = run.result;
  const type = run.kind === 'ping' ? 'ping' : 'trace';
  const measured = records
    .filter((record) => record['type'] === type)
    .map((record) => ({ userid: numberIn(record, 'userid') ?? 0, summary: record as { dst: string } }));
  return layBesideDestinations(measured, destinations).map((laid, index) => {
    const asked = destinations[index];
    const record = laid.measured?.summary;
    if (record === undefined) return unmeasured(run, asked);
    return {
      dst_name: asked?.destination ?? destinationsOf(run)[index] ?? record.dst,
      ttr: asked?.resolve_ms ?? undefined,
      ...bodyOf(run, record, summary[index] ?? {}),
    };
  });
}

function bodyOf(run: Run, record: Members, figures: Summary): Members {
  if (run.kind === 'ping') return pingMembers(record, figures);
  const { duration_ms = 0 } = run.result;
  return tracerouteMembers(record, new Date(timeOf(run.result).getTime() + duration_ms));
}

/** One of several destinations that was not measured, while others were. */
function unmeasured(run: Run, asked: Destination | undefined): Members {
  const { destination = '', address = null, error } = asked ?? {};
  const reason = address === null ? 'unresolved' : 'nothing_sent';
  return failureOf(run, { destination, address, reason, text: error ?? 'nothing_sent' });
}

// ---- the others: JSON documents, entry by entry

function ofEntries(run: Run, list: readonly Members[]): Members[] {
  const lts = commonMembers(run)['lts'] as number;
  switch (run.kind) {
    case 'dns': {
      const resolver = textIn(run.params, 'resolver');
      return grouped(readAll(dnsEntry, list), sameQuery).map((group) => dnsMembers(group, { resolver, lts }));
    }
    case 'http':
      return readAll(httpEntry, list).map((entry) => ({
        ...httpMembers(entry),
        dst_name: hostOf(entry.url),
      }));
    case 'tls':
      return readAll(tlsEntry, list).map(sslcertMembers);
    case 'ntp':
      return grouped(readAll(ntpEntry, list), (a, b) => a.destination === b.destination).map(ntpMembers);
    default:
      return [];
  }
}

/** @returns those that fit; what could not be read is said in the native API */
function readAll<Entry>(schema: z.ZodType<Entry>, list: readonly Members[]): Entry[] {
  return list.flatMap((each) => {
    const read = schema.safeParse(each);
    return read.success ? [read.data] : [];
  });
}

/** Entries that follow each other and belong together. */
function grouped<Entry>(
  entries: readonly Entry[],
  belong: (entry: Entry, before: Entry) => boolean,
): OneOrMore<Entry>[] {
  const groups: OneOrMore<Entry>[] = [];
  for (const entry of entries) {
    const last = groups.at(-1);
    if (last !== undefined && belong(entry, last[0])) last.push(entry);
    else groups.push([entry]);
  }
  return groups;
}

function sameQuery(entry: DnsEntry, before: DnsEntry): boolean {
  return entry.name === before.name && entry.type === before.type;
}

function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : undefined;
}

// ---- what could not be done

interface Failure {
  /** as it was asked for */
  destination: string;
  /** undefined, null: none is known */
  address?: string | null | undefined;
  reason: string;
  text: string;
}

/** What the shape of a failure is made of. */
interface Failed extends Failure {
  params: Run['params'];
  isUnresolved: boolean;
  /** what is known of where it was to go */
  common: Members;
}

function failureOf(run: Run, failure: Failure): Members {
  const { kind, params } = run;
  const to = kind === 'dns' ? textIn(params, 'resolver') : hostIn(failure.destination);
  const address = failure.address ?? addressIn(to);
  return FAILURES[kind]({
    ...failure,
    params,
    isUnresolved: UNRESOLVED.has(failure.reason),
    common: {
      af: familyOf(address) ?? askedFamily(run),
      dst_addr: address,
      dst_name: kind === 'dns' ? to : failure.destination,
    },
  });
}

/** Of each kind the shape in which clients look for a failure. */
const FAILURES: Readonly<Record<AtlasKind, (failed: Failed) => Members>> = {
  ping: ({ common, text, isUnresolved }) => ({
    ...common,
    proto: 'ICMP',
    ...NO_PACKETS,
    result: [{ error: text }],
    ...(isUnresolved && { dnserr: text }),
  }),
  traceroute: ({ common, params, text, isUnresolved }) => ({
    ...common,
    proto: protocolOf({ method: textIn(params, 'method') ?? 'udp-paris' }),
    result: [{ hop: 1, error: text }],
    ...(isUnresolved && { dnserr: text }),
  }),
  dns: ({ common, params, reason, text, isUnresolved }) => ({
    ...common,
    proto: Object.hasOwn(params, 'tcp') ? 'TCP' : 'UDP',
    error: reason === 'timeout' ? dnsError('timeout') : dnsError(text, isUnresolved),
  }),
  http: ({ common: { af, dst_addr }, params, destination, text, isUnresolved }) => ({
    uri: destination,
    dst_name: hostOf(destination),
    result: [
      {
        af,
        method: textIn(params, 'method') ?? 'GET',
        dst_addr,
        err: text,
        ...(isUnresolved && { dnserr: text }),
      },
    ],
  }),
  tls: ({ common, params, text, isUnresolved }) => ({
    ...common,
    dst_port: String(numberIn(params, 'port') ?? HTTPS_PORT),
    method: 'TLS',
    ...(isUnresolved ? { dnserr: text } : { err: text }),
  }),
  ntp: ({ common, reason, text, isUnresolved }) => ({
    ...common,
    proto: 'UDP',
    result: reason === 'timeout' ? [{ x: '*' }] : [],
    ...(reason !== 'timeout' && (isUnresolved ? { dnserr: text } : { err: text })),
  }),
};

function hostIn(destination: string): string {
  return hostOf(destination) ?? destination;
}

/** @returns the text, if it is an address; undefined: it is a name */
function addressIn(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  return /^[\d.]+$/.test(text) || text.includes(':') ? text : undefined;
}
