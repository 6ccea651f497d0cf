import { ntpDocument, type NtpParams, ntpParams, writeDocument } from '@pladmed/protocol';
import {
  exchange,
  isUnbounded,
  kissOf,
  NoReply,
  PACKET_BYTES,
  type Reply,
  sampleOf,
  whyUnusable,
} from '@pladmed/sntp';
import { isIPv6 } from 'node:net';
import { sleep } from '../../clock/clock.js';
import { type Located, locate } from '../../measuring/connection.js';
import type { Kind, RunContext } from '../../measuring/kind.js';
import { inParallel } from '../../measuring/parallel.js';
import { wantedFamilies } from '../../protocol/switches.js';
import { milliseconds } from '../../clock/timing.js';

/** Names that are resolved at once. */
const RESOLVED_AT_ONCE = 8;
const RESOLUTION_MS = 20_000;
/** Servers that are asked at once. */
const PARALLEL = 8;
/** Between two questions to one server (RFC 5905, BTIME): one that is asked more often may not answer. */
const BETWEEN_MS = 2_000;
const SLACK_MS = 10_000;
const IPV4_HEADERS = 28;
const IPV6_HEADERS = 48;

/** One question and what came of it; docs/protocol.md, format `ntp`. */
interface NtpEntry {
  /** As the user named it. */
  destination: string;
  address: string;
  /** Which question for its addresses was not answered. */
  note?: string;
  port: number;
  resolve_ms: number | null;
  sent_at: string;
  version: number | null;
  leap: number | null;
  stratum: number | null;
  precision: number | null;
  root_delay_ms: number | null;
  root_dispersion_ms: number | null;
  reference_id: string | null;
  reference_time: string | null;
  offset_ms: number | null;
  error_ms: number | null;
  delay_ms: number | null;
  error: string | null;
}

interface Target {
  destination: string;
  located: Located;
}

export const ntp: Kind<NtpParams> = {
  name: 'ntp',
  format: 'ntp',
  params: ntpParams.schema,
  timeLimitMs: ({ ips, fqdns, samples, timeout_s }) =>
    Math.ceil(fqdns.length / RESOLVED_AT_ONCE) * RESOLUTION_MS +
    Math.ceil((ips.length + fqdns.length) / PARALLEL) * samples * (timeout_s * 1000 + BETWEEN_MS) +
    SLACK_MS,
  trafficBytes: ({ ips, fqdns, samples }) =>
    (ips.length + fqdns.length) * samples * 2 * (PACKET_BYTES + IPV6_HEADERS),
  measure: async (params, context) => {
    const families = wantedFamilies(params);
    const targets = await inParallel(
      RESOLVED_AT_ONCE,
      [...params.ips, ...params.fqdns],
      async (destination) => ({
        destination,
        located: await locate(destination, families, context),
      }),
    );
    await context.targets.requireRoute(targets.map(({ located }) => located));
    const exchanges = await inParallel(PARALLEL, targets, (target) => askServer(target, params, context));
    context.signal.throwIfAborted();
    await context.targets.requireRoute(targets.map(({ located }) => located));
    return Buffer.from(writeDocument(ntpDocument, exchanges.flat()));
  },
};

/** Asks as often as was wanted, but a server that wants to be left alone (a kiss-o'-death) no more. */
async function askServer(target: Target, params: NtpParams, context: RunContext): Promise<NtpEntry[]> {
  const entries: NtpEntry[] = [];
  const unsent: string[] = [];
  for (let count = 0; count < params.samples; count++) {
    if (count > 0) await sleep(context.clock, BETWEEN_MS, context.signal);
    if (context.signal.aborted) break;
    const { entry, goOn, unsent: why } = await ask(target, params, context);
    entries.push(entry);
    if (why !== null) unsent.push(why);
    if (!goOn) break;
  }
  target.located.unreachable = unsent.length < entries.length ? null : (unsent.at(-1) ?? null);
  return entries;
}

/** @returns the entry, whether the server may be asked again, and why nothing was sent to it; null where it was */
async function ask(
  { destination, located }: Target,
  params: NtpParams,
  context: RunContext,
): Promise<{ entry: NtpEntry; goOn: boolean; unsent: string | null }> {
  await context.packets.turn();
  const { address, resolve_ms, note } = located;
  const port = params.port;
  const question = {
    address: context.targets.checked(address),
    port,
    timeoutMs: params.timeout_s * 1000,
    clock: context.clock,
    signal: context.signal,
  };
  const asked = {
    destination,
    address,
    ...(note !== null && { note }),
    port,
    resolve_ms,
    sent_at: iso(context.clock.now()),
  };
  const bytes = PACKET_BYTES + (isIPv6(address) ? IPV6_HEADERS : IPV4_HEADERS);
  context.onWire(bytes);
  try {
    const reply = await exchange(question);
    context.onWire(bytes);
    const entry = { ...asked, sent_at: iso(reply.sent.wall), ...factsOf(reply) };
    return { entry, goOn: kissOf(reply) === null, unsent: null };
  } catch (error) {
    if (!(error instanceof NoReply)) throw error;
    const unsent =
      (await context.targets.whyUnsent(address, error.message)) ?? (error.wasSent ? null : error.message);
    return { entry: { ...asked, ...NO_FACTS, error: unsent ?? error.message }, goOn: true, unsent };
  }
}

type Facts = Omit<NtpEntry, 'destination' | 'address' | 'note' | 'port' | 'resolve_ms' | 'sent_at'>;

const NO_FACTS: Facts = {
  version: null,
  leap: null,
  stratum: null,
  precision: null,
  root_delay_ms: null,
  root_dispersion_ms: null,
  reference_id: null,
  reference_time: null,
  offset_ms: null,
  error_ms: null,
  delay_ms: null,
  error: null,
};

/** What the server says of itself stays; offset and delay only where the answer may be compared with, or lacks its bound alone. */
function factsOf(reply: Reply): Facts {
  const { packet } = reply;
  const error = whyUnusable(reply);
  const unbounded = isUnbounded(error);
  const compared = error === null || unbounded ? sampleOf(reply) : null;
  return {
    version: packet.version,
    leap: packet.leap,
    stratum: packet.stratum,
    precision: packet.precision,
    root_delay_ms: milliseconds(packet.rootDelay),
    root_dispersion_ms: milliseconds(packet.rootDispersion),
    reference_id: packet.referenceId,
    reference_time: packet.reference === null ? null : iso(packet.reference),
    offset_ms: compared === null ? null : milliseconds(compared.offset),
    error_ms: compared === null || unbounded ? null : milliseconds(compared.error),
    delay_ms: compared === null ? null : milliseconds(compared.delay),
    error,
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
