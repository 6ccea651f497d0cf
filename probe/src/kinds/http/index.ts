import { httpDocument, type HttpParams, httpParams, writeDocument } from '@pladmed/protocol';
import { packageVersion } from '../../platform/version.js';
import { CONNECTION_PACKETS } from '../../limits/packets.js';
import { RunFailure } from '../../protocol/failure.js';
import {
  factsOf,
  factsOfFlight,
  HANDSHAKE_BYTES,
  type Located,
  locate,
  wireBytes,
  within,
  withTcp,
  withTls,
  wordOfAttempt,
} from '../../measuring/connection.js';
import type { Flight } from '../../handshake/flight.js';
import type { Kind, RunContext } from '../../measuring/kind.js';
import { inParallel } from '../../measuring/parallel.js';
import { wantedFamilies } from '../../protocol/switches.js';
import { milliseconds, stopwatch } from '../../clock/timing.js';
import type { HttpEntry } from './entry.js';
import { exchange, type Order } from './exchange.js';
import { requestTarget } from './request-target.js';
import { serverCertificateOf } from './server-certificate.js';

/** Names that are resolved at once. */
const RESOLVED_AT_ONCE = 8;
const RESOLUTION_MS = 20_000;
/** Requests under way at once. */
const PARALLEL = 4;
const SLACK_MS = 10_000;
/** A usual request and the header of a usual answer. */
const HEADER_BYTES = 2_048;
/** Of all bodies of a run together. */
const MAX_RUN_BODY_BYTES = 64 * 1024 * 1024;

interface Target {
  text: string;
  url: URL;
  located: Located;
}

export const http: Kind<HttpParams> = {
  name: 'http',
  format: 'http',
  params: httpParams.schema,
  timeLimitMs: ({ urls, timeout_s }) =>
    Math.ceil(urls.length / RESOLVED_AT_ONCE) * RESOLUTION_MS +
    Math.ceil(urls.length / PARALLEL) * timeout_s * 1000 +
    SLACK_MS,
  trafficBytes: ({ urls, method, max_body_bytes }) => {
    const bodies = method === 'HEAD' ? 0 : Math.min(urls.length * max_body_bytes, MAX_RUN_BODY_BYTES);
    return urls.length * wireBytes(HEADER_BYTES + HANDSHAKE_BYTES) + wireBytes(bodies);
  },
  measure: async (params, context) => {
    const families = wantedFamilies(params);
    const targets = await inParallel(RESOLVED_AT_ONCE, params.urls, async (text): Promise<Target> => {
      const url = new URL(text);
      return { text, url, located: await locate(hostOf(url), families, context) };
    });
    await context.targets.requireRoute(targets.map(({ located }) => located));
    const ofRun = { left: MAX_RUN_BODY_BYTES };
    const userAgent = `Pladmed-Probe/${packageVersion()} (+https://github.com/pladmed/pladmed)`;
    const requests = await inParallel(PARALLEL, targets, (target) => {
      const allowance = { ofBody: params.max_body_bytes, ofRun };
      const order = {
        method: params.method,
        url: target.url,
        target: requestTarget(target.text),
        userAgent,
        allowance,
      };
      return request(target, order, params.timeout_s * 1000, context);
    });
    context.signal.throwIfAborted();
    await context.targets.requireRoute(targets.map(({ located }) => located));
    return Buffer.from(writeDocument(httpDocument, requests));
  },
};

/** One request. What goes wrong with the other side is a finding. @throws RunFailure for what the host refuses */
async function request(
  { text, url, located }: Target,
  order: Order,
  timeoutMs: number,
  context: RunContext,
): Promise<HttpEntry> {
  await context.packets.turn(isTls(url) ? 2 * CONNECTION_PACKETS : CONNECTION_PACKETS);
  const entry = emptyEntry(text, order.method, url, located, context);
  const elapsed = stopwatch(context.clock);
  const total = (): number => milliseconds((located.resolve_ms ?? 0) + elapsed());
  try {
    await within(timeoutMs, context, (signal) => connectAndAsk(entry, order, context, signal));
    entry.timings.total_ms = total();
    located.unreachable = null;
  } catch (error) {
    if (error instanceof RunFailure) throw error;
    entry.timings.total_ms = total();
    entry.error = await wordOfAttempt(error, located, entry.timings.connect_ms !== null, context);
  }
  return entry;
}

async function connectAndAsk(
  entry: HttpEntry,
  order: Order,
  context: RunContext,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = context;
  const connecting = stopwatch(clock);
  await withTcp(entry, context, signal, async (socket) => {
    entry.timings.connect_ms = connecting();
    if (!isTls(order.url)) return exchange(socket, order, entry, { clock, signal });
    const onFlight = (flight: Flight): void => {
      if (flight.version !== null) entry.tls = factsOfFlight(flight);
    };
    const secureContext = context.trusted();
    const tlsOrder = { name: hostOf(order.url), alpn: ['http/1.1'], secureContext, onFlight };
    return withTls(socket, tlsOrder, { clock, signal }, (secure, tookMs) => {
      entry.timings.tls_ms = tookMs;
      const requested = entry.tls?.client_certificate_requested ?? null;
      entry.tls = {
        ...factsOf(secure),
        client_certificate_requested: requested,
        certificate: serverCertificateOf(secure),
      };
      return exchange(secure, order, entry, { clock, signal });
    });
  });
}

function isTls(url: URL): boolean {
  return url.protocol === 'https:';
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function emptyEntry(
  text: string,
  method: string,
  url: URL,
  { address, resolve_ms, note }: Located,
  { clock }: RunContext,
): HttpEntry {
  const defaultPort = isTls(url) ? 443 : 80;
  return {
    url: text,
    method,
    address,
    ...(note !== null && { note }),
    port: url.port === '' ? defaultPort : Number(url.port),
    started_at: new Date(clock.now()).toISOString(),
    status: null,
    http_version: null,
    header_bytes: null,
    body_bytes: null,
    truncated: null,
    timings: { resolve_ms, connect_ms: null, tls_ms: null, first_byte_ms: null, total_ms: 0 },
    location: null,
    content_type: null,
    content_length: null,
    server: null,
    irregular: [],
    tls: null,
    error: null,
  };
}
