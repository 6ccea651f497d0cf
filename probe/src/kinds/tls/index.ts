import { tlsDocument, type TlsParams, tlsParams, writeDocument } from '@pladmed/protocol';
import { CONNECTION_PACKETS } from '../../limits/packets.js';
import { RunFailure } from '../../protocol/failure.js';
import {
  afterHandshake,
  factsOf,
  factsOfFlight,
  HANDSHAKE_BYTES,
  type Located,
  locate,
  type TlsFacts,
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
import { type Certificates, certificatesOf, NO_CERTIFICATES, peerChain } from './certificate.js';

/** Names that are resolved at once. */
const RESOLVED_AT_ONCE = 8;
const RESOLUTION_MS = 20_000;
/** Handshakes under way at once. */
const PARALLEL = 4;
const SLACK_MS = 10_000;
/** How long an alert is waited for behind a handshake of TLS 1.3, beside two round trips. */
const PATIENCE_MS = 300;
/** The same where the server has asked for a certificate of the client. */
const REFUSAL_PATIENCE_MS = 3_000;

/** One handshake, and what came of it; docs/protocol.md, format `tls`. */
interface TlsEntry extends Certificates, TlsFacts {
  /** As the user named it. */
  destination: string;
  server_name: string | null;
  address: string;
  /** Which question for its addresses was not answered. */
  note?: string;
  port: number;
  started_at: string;
  timings: {
    resolve_ms: number | null;
    connect_ms: number | null;
    handshake_ms: number | null;
    total_ms: number;
  };
  error: string | null;
}

interface Target {
  destination: string;
  /** What the certificate has to be for. */
  name: string;
  located: Located;
}

export const tls: Kind<TlsParams> = {
  name: 'tls',
  format: 'tls',
  params: tlsParams.schema,
  timeLimitMs: ({ ips, fqdns, timeout_s }) =>
    Math.ceil(fqdns.length / RESOLVED_AT_ONCE) * RESOLUTION_MS +
    Math.ceil((ips.length + fqdns.length) / PARALLEL) * timeout_s * 1000 +
    SLACK_MS,
  trafficBytes: ({ ips, fqdns }) => (ips.length + fqdns.length) * wireBytes(HANDSHAKE_BYTES),
  measure: async (params, context) => {
    const { ips, fqdns, server_name } = params;
    const families = wantedFamilies(params);
    const targets = await inParallel(RESOLVED_AT_ONCE, [...ips, ...fqdns], async (destination) => ({
      destination,
      name: server_name ?? destination,
      located: await locate(destination, families, context),
    }));
    await context.targets.requireRoute(targets.map(({ located }) => located));
    const handshakes = await inParallel(PARALLEL, targets, (target) => handshake(target, params, context));
    context.signal.throwIfAborted();
    await context.targets.requireRoute(targets.map(({ located }) => located));
    return Buffer.from(writeDocument(tlsDocument, handshakes));
  },
};

/** One handshake. What goes wrong with the other side is a finding. @throws RunFailure for what the host refuses */
async function handshake(
  { destination, name, located }: Target,
  params: TlsParams,
  context: RunContext,
): Promise<TlsEntry> {
  await context.packets.turn(2 * CONNECTION_PACKETS);
  const { clock } = context;
  const entry: TlsEntry = {
    destination,
    server_name: params.server_name ?? null,
    address: located.address,
    ...(located.note !== null && { note: located.note }),
    port: params.port,
    started_at: new Date(clock.now()).toISOString(),
    timings: { resolve_ms: located.resolve_ms, connect_ms: null, handshake_ms: null, total_ms: 0 },
    version: null,
    cipher: null,
    alpn: null,
    authorized: null,
    authorization_error: null,
    client_certificate_requested: null,
    ...NO_CERTIFICATES,
    error: null,
  };
  const elapsed = stopwatch(clock);
  const total = (): number => milliseconds((located.resolve_ms ?? 0) + elapsed());
  try {
    await within(params.timeout_s * 1000, context, (signal) =>
      connectAndShake(entry, { name, alpn: params.alpn }, context, signal, total),
    );
    located.unreachable = null;
  } catch (error) {
    if (error instanceof RunFailure) throw error;
    entry.timings.total_ms = total();
    entry.error = await wordOfAttempt(error, located, entry.timings.connect_ms !== null, context);
  }
  return entry;
}

async function connectAndShake(
  entry: TlsEntry,
  order: { name: string; alpn: readonly string[] },
  context: RunContext,
  signal: AbortSignal,
  total: () => number,
): Promise<void> {
  const { clock } = context;
  const connecting = stopwatch(clock);
  await withTcp(entry, context, signal, async (socket) => {
    const connectMs = (entry.timings.connect_ms = connecting());
    let sent: Buffer[] = [];
    const onFlight = (flight: Flight): void => {
      sent = flight.certificates;
      Object.assign(entry, factsOfFlight(flight), certificatesOf(sent));
    };
    const tlsOrder = { ...order, secureContext: context.trusted(), onFlight };
    await withTls(socket, tlsOrder, { clock, signal }, async (secure, tookMs) => {
      entry.timings.handshake_ms = tookMs;
      entry.timings.total_ms = total();
      Object.assign(entry, factsOf(secure), certificatesOf(sent, peerChain(secure)));
      if (entry.version !== 'TLSv1.3') return;
      secure.resume();
      const patience = entry.client_certificate_requested === false ? PATIENCE_MS : REFUSAL_PATIENCE_MS;
      await afterHandshake(secure, patience + 2 * connectMs, { clock, signal });
    });
  });
}
