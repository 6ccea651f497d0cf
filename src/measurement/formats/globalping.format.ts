import { readDocument, type ReadEntry } from '@pladmed/protocol';
import { pathHash } from '@pladmed/warts';
import { isIP } from 'node:net';
import type { z } from 'zod';
import { isSpecialAddress } from '../targets/special-addresses.js';
import { type Digest, type Failure, type Format } from './format.js';
import {
  type dnsTest,
  type dnsTraceTest,
  type FailedTest,
  finishedTest,
  globalpingDocument,
  type GlobalpingTest,
  type httpTest,
  isFailed,
  mtrTest,
  pingTest,
  PRIVATE_REFUSAL,
  TIMED_OUT,
  type tracerouteTest,
} from './globalping.results.js';
import { lossOf, pathFigures, type ProbedHop, rttFigures, thousandths } from './hop-figures.js';
import { jsonFormat } from './json.format.js';
import { hopNumbers, packRtts } from './rtts.js';
import { type Summary } from './summary.js';

type Measurement = GlobalpingTest['measurement'];
/** A test that ended: its result is of the schema of its kind. */
interface Finished<Result> {
  target: string;
  measurement: Measurement;
  result: Result;
}

const base = jsonFormat(globalpingDocument, 2, (test: GlobalpingTest) => summaryOf(test));

/** What a Globalping probe sends, as it came (docs/globalping.md): one document for all kinds that it knows. */
export const globalpingFormat: Format = {
  ...base,

  async digest(raw: Buffer): Promise<Digest> {
    const digest = await base.digest(raw);
    const entries = readDocument(globalpingDocument, raw);
    if (typeof entries === 'string') return digest;
    const failure = failureOf(entries);
    const rtts = packRtts(entries.map((entry) => ('value' in entry ? answersOf(entry.value) : [])));
    return { ...digest, ...(failure && { failure }), ...(rtts && { rtts }) };
  },
};

function summaryOf(test: GlobalpingTest): Summary {
  const { target, measurement, result } = test;
  if (isFailed(result)) return failedSummary(target, measurement, result);
  const { type } = measurement;
  const read = finishedTest(type, isTrace(measurement)).safeParse(result);
  const issue = read.error?.issues[0];
  if (issue !== undefined)
    return { type: typeOf(type), error: `cannot be read: ${issue.path.join('.')}: ${issue.message}` };
  return (
    SUMMARIES[type]?.({ target, measurement, result: read.data as never }) ?? {
      type,
      error: 'cannot be read: type',
    }
  );
}

/** The word in `type` of a summary. */
function typeOf(kind: string): string {
  return kind === 'traceroute' ? 'trace' : kind;
}

function isTrace(measurement: Measurement): boolean {
  return measurement['trace'] === true;
}

const SUMMARIES: Readonly<Record<string, (test: Finished<never>) => Summary>> = {
  ping: pingSummary,
  traceroute: traceSummary,
  mtr: mtrSummary,
  dns: (test: Finished<never>) => (isTrace(test.measurement) ? dnsTraceSummary(test) : dnsSummary(test)),
  http: httpSummary,
};

function pingSummary({ target, result }: Finished<z.infer<typeof pingTest>>): Summary {
  const { stats, timings } = result;
  const { rtt_median_ms, rtt_stddev_ms } = rttFigures(timings.map(({ rtt }) => rtt));
  const [sent, received] = [stats.total ?? 0, stats.rcv ?? 0];
  return {
    type: 'ping',
    destination: target,
    dst: result.resolvedAddress,
    sent,
    received,
    duplicates: null,
    loss: lossOf(sent, sent - (stats.drop ?? sent - received)),
    rtt_min_ms: rounded(stats.min),
    rtt_avg_ms: rounded(stats.avg),
    rtt_median_ms,
    rtt_max_ms: rounded(stats.max),
    rtt_stddev_ms,
    error: null,
  };
}

function traceSummary({ target, result }: Finished<z.infer<typeof tracerouteTest>>): Summary {
  const end = endOf(result);
  const path = result.hops.slice(0, end?.count).map(({ resolvedAddress }) => resolvedAddress);
  return {
    type: 'trace',
    destination: target,
    dst: result.resolvedAddress,
    reached: end !== undefined,
    hop_count: path.length,
    path,
    path_hash: pathHash(path),
    rtt_ms: rounded(end?.hop.timings[0]?.rtt ?? null),
    stop_reason: end === undefined ? null : 'COMPLETED',
    error: null,
  };
}

/** @returns the first hop that is the destination, and how many hops there are up to it; undefined: it did not answer */
function endOf<Hop extends { resolvedAddress: string | null }>({
  resolvedAddress,
  hops,
}: {
  resolvedAddress: string | null;
  hops: readonly Hop[];
}): { hop: Hop; count: number } | undefined {
  const index =
    resolvedAddress === null ? -1 : hops.findIndex((hop) => hop.resolvedAddress === resolvedAddress);
  const hop = hops[index];
  return hop && { hop, count: index + 1 };
}

function mtrSummary({ target, result }: Finished<z.infer<typeof mtrTest>>): Summary {
  return {
    type: 'mtr',
    destination: target,
    dst: result.resolvedAddress,
    resolve_ms: null,
    ...pathFigures(probedHops(result), endOf(result) !== undefined),
    error: null,
  };
}

/** Up to the destination. */
function probedHops(result: z.infer<typeof mtrTest>): ProbedHop[] {
  return result.hops.slice(0, endOf(result)?.count).map((hop) => {
    const sent = hop.stats.total ?? 0;
    const lost = hop.stats.drop ?? sent - (hop.stats.rcv ?? 0);
    return {
      address: hop.resolvedAddress,
      name: hop.resolvedHostname,
      asn: hop.asn,
      sent,
      received: Math.max(0, sent - lost),
      rtts: hop.timings.map(({ rtt }) => rtt),
    };
  });
}

/** How a query was asked, whatever came of it. */
function questionOf(target: string, measurement: Measurement): Summary {
  const { query } = measurement as { query?: { type?: unknown } };
  return {
    type: 'dns',
    name: target,
    qtype: textOr(query?.type, 'A'),
    transport: textOr(measurement['protocol'], 'UDP').toLowerCase(),
  };
}

function dnsSummary({ target, measurement, result }: Finished<z.infer<typeof dnsTest>>): Summary {
  return {
    ...questionOf(target, measurement),
    resolver: result.resolver,
    rtt_ms: rounded(result.timings.total),
    rcode: result.statusCodeName,
    answers: result.answers.length,
    error: null,
  };
}

/** The last name server's answer is the one. */
function dnsTraceSummary({ target, measurement, result }: Finished<z.infer<typeof dnsTraceTest>>): Summary {
  const last = result.hops.at(-1);
  return {
    ...questionOf(target, measurement),
    resolver: last?.resolver ?? null,
    rtt_ms: rounded(last?.timings.total ?? null),
    rcode: null,
    answers: last?.answers.length ?? null,
    error: null,
  };
}

function httpSummary({ target, measurement, result }: Finished<z.infer<typeof httpTest>>): Summary {
  const { timings, tls } = result;
  return {
    ...requestOf(target, measurement),
    address: result.resolvedAddress,
    status: result.statusCode,
    truncated: result.truncated ?? null,
    resolve_ms: rounded(timings.dns),
    connect_ms: rounded(timings.tcp),
    tls_ms: rounded(timings.tls),
    first_byte_ms: rounded(timings.firstByte),
    total_ms: rounded(timings.total),
    tls_version: tls?.protocol ?? null,
    authorized: tls?.authorized ?? null,
    error: null,
  };
}

function requestOf(target: string, measurement: Measurement): Summary {
  const {
    request = {},
    protocol,
    port,
  } = measurement as {
    request?: { method?: unknown; path?: unknown; query?: unknown };
    protocol?: unknown;
    port?: unknown;
  };
  const secure = protocol !== 'HTTP';
  const host = isIP(target) === 6 ? `[${target}]` : target;
  const isUsual = port === undefined || port === (secure ? 443 : 80);
  const path = textOr(request.path, '/');
  const query = textOr(request.query, '');
  const place = `${path.startsWith('/') ? '' : '/'}${path}${query === '' ? '' : `?${query}`}`;
  return {
    type: 'http',
    url: `${secure ? 'https' : 'http'}://${host}${isUsual ? '' : `:${textOr(port, '')}`}${place}`,
    method: textOr(request.method, 'HEAD'),
  };
}

const NO_RTTS = rttFigures([]);

function failedSummary(target: string, measurement: Measurement, result: FailedTest): Summary {
  const error = firstLineOf(result);
  const dst = result.resolvedAddress ?? null;
  const { type } = measurement;
  switch (type) {
    case 'dns':
      return {
        ...questionOf(target, measurement),
        ...{ resolver: null, rtt_ms: null, rcode: null, answers: null, error },
      };
    case 'http':
      return {
        ...requestOf(target, measurement),
        ...{ address: dst, status: null, truncated: null, resolve_ms: null, connect_ms: null, tls_ms: null },
        ...{ first_byte_ms: null, total_ms: null, tls_version: null, authorized: null, error },
      };
    case 'mtr':
      return {
        ...{ type, destination: target, dst, resolve_ms: null, ...pathFigures([], false), ...NO_RTTS, error },
      };
    default:
      return { type: typeOf(type), destination: target, resolve_ms: null, dst, error };
  }
}

const MAX_DETAIL = 256;

function firstLineOf({ rawOutput }: FailedTest): string {
  const line = rawOutput.split('\n').find((each) => each.trim() !== '') ?? '';
  return (
    line
      .trim()
      .slice(0, MAX_DETAIL)
      .replace(/\p{Surrogate}$/u, '') || 'it says nothing'
  );
}

/** The times of a ping's answers, or of those of a path's hops (rtts.ts). */
function answersOf({ measurement, result }: GlobalpingTest): number[] {
  if (isFailed(result)) return [];
  if (measurement.type === 'mtr') {
    const { data } = mtrTest.safeParse(result);
    return data === undefined ? [] : hopNumbers(probedHops(data));
  }
  if (measurement.type !== 'ping') return [];
  return (pingTest.safeParse(result).data?.timings ?? []).map(({ rtt }) => Math.round(rtt * 1000));
}

/** @returns why a run is a failed one: nothing of it is a finding; that of the first destination, but a refusal goes before */
function failureOf(entries: readonly ReadEntry<GlobalpingTest>[]): Failure | undefined {
  const failures: Failure[] = [];
  for (const entry of entries) {
    const failure = 'value' in entry ? failureOfTest(entry.value) : undefined;
    if (failure === undefined) return undefined;
    failures.push(failure);
  }
  return failures.find(({ reason }) => reason === 'refused') ?? failures[0];
}

const UNKNOWN_NAME =
  /name or service not known|unknown host|ENOTFOUND|EAI_AGAIN|failed to resolve|no address associated|name resolution/i;
const TOO_LATE = /timed out|timeout/i;
const UNREADABLE = /invalid|is required|must be|not allowed to be/i;

function failureOfTest({ measurement, result }: GlobalpingTest): Failure | undefined {
  if (!isFailed(result)) return undefined;
  const { rawOutput, failureSource } = result;
  const detail = firstLineOf(result);
  if (rawOutput.includes(PRIVATE_REFUSAL)) return { reason: 'refused', detail };
  const isFinding = failureSource === 'target' || failureSource === 'resolver';
  if (measurement.type === 'http' && isFinding) return undefined;
  if (failureSource === 'resolver' || UNKNOWN_NAME.test(rawOutput)) return { reason: 'unresolved', detail };
  if (TOO_LATE.test(rawOutput))
    return { reason: 'timeout', detail: rawOutput.includes(TIMED_OUT) ? TIMED_OUT : detail };
  if (failureSource !== 'target' && UNREADABLE.test(rawOutput)) return { reason: 'bad_params', detail };
  return { reason: 'tool_failed', detail };
}

/** `PING example.org (93.184.216.34) 56(84) bytes`, `traceroute to example.org (93.184.216.34), 20 hops max`. */
const FIRST_ADDRESS = /\(([\da-f.:]+)\)/i;

/**
 * Whether what a probe says shows that it measured a private target: in the address that it found, or in the first line of its output.
 * @param result of a test, or what came of it as progress
 */
export function showsPrivateTarget(type: string, result: Record<string, unknown>): boolean {
  const { resolvedAddress, rawOutput } = result;
  if (typeof resolvedAddress === 'string' && isSpecialAddress(resolvedAddress)) return true;
  if (type !== 'ping' && type !== 'traceroute') return false;
  const [line = ''] = typeof rawOutput === 'string' ? rawOutput.trimStart().split('\n', 1) : [];
  return isSpecialAddress(FIRST_ADDRESS.exec(line)?.[1] ?? '');
}

/** What was sent is ours, or checked; what is read of the database need not be. */
function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : otherwise;
}

function rounded(value: number | null): number | null {
  return value === null ? null : thousandths(value);
}
