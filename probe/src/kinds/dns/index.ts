import { isIP } from 'node:net';
import {
  AXFR,
  dnsDocument,
  type DnsEntry,
  MAX_QUERIES,
  namesToAsk,
  QUERY_TYPES,
  queryTypeName,
  writeDocument,
} from '@pladmed/protocol';
import { CONNECTION_PACKETS } from '../../limits/packets.js';
import { type Nameserver, systemResolvers } from '../../host/resolvers.js';
import { PROTOCOL } from '../../protocol/protocol.js';
import { RunFailure } from '../../protocol/failure.js';
import type { Kind, RunContext } from '../../measuring/kind.js';
import { inParallel } from '../../measuring/parallel.js';
import { isOn, wantedFamilies } from '../../protocol/switches.js';
import { canonical } from '../../policy/networks.js';
import { familyOf, type Reached, resolutionMs } from '../../measuring/targets.js';
import { stopwatch } from '../../clock/timing.js';
import { type DnsParams, dnsParams } from '../../dns/dns.params.js';
import { singleAnswer, zoneTransfer } from '../../dns/judge.js';
import { encodeQuery, isTruncated, type Question, reverseName } from '../../dns/message.js';
import { RESERVED_ENTRIES, Room } from '../../dns/room.js';
import {
  askTcp,
  askUdp,
  BadLocalAddress,
  type Exchange,
  MOST_TCP_BYTES,
  type Outcome,
} from '../../dns/transport.js';

const TIMEOUT_MS = 5_000;
const TRANSFER_TIMEOUT_MS = 30_000;
const ATTEMPTS = 3;
/** Names asked for at once. */
const PARALLEL = 8;
const SLACK_MS = 10_000;
/** Headers of IP and UDP, the longer ones of both families. */
const UDP_HEADER_BYTES = 48;
/** Headers of all packets of one short TCP connection. */
const TCP_HEADER_BYTES = 600;
/** A query with every option, and an answer of the usual size. */
const EXCHANGE_BYTES = 1_500;

/** What the server reads of one result, less the document around the entries. */
const MOST = { entries: MAX_QUERIES, bytes: PROTOCOL.maxBatchBytes - 100 };
const NO_ROOM = 'too large: the result has no room for more messages';

/** Whom a run asks; `unreachable` is kept up while it runs. */
interface Resolver extends Nameserver, Reached {
  /** Something went out to it. */
  wasAsked: boolean;
}

export const dns: Kind<DnsParams> = {
  name: 'dns',
  format: 'dns',
  params: dnsParams,
  timeLimitMs: (params) => {
    const rounds = Math.ceil(questionsOf(params).length / PARALLEL);
    const each = params.type === AXFR ? ATTEMPTS * TRANSFER_TIMEOUT_MS : (ATTEMPTS + 1) * TIMEOUT_MS;
    const fqdns = params.resolver !== undefined && isIP(params.resolver) === 0 ? [params.resolver] : [];
    return resolutionMs({ fqdns }) + rounds * each + SLACK_MS;
  },
  trafficBytes: (params) =>
    questionsOf(params).length * (params.type === AXFR ? MOST_TCP_BYTES : ATTEMPTS * EXCHANGE_BYTES),
  measure: async (params, context) => {
    const resolvers = await resolversFor(params, context);
    const questions = questionsOf(params);
    const room = new Room(MOST, questions.length);
    const entries = await inParallel(PARALLEL, questions, (question) =>
      ask(question, params, resolvers, context, room),
    );
    context.signal.throwIfAborted();
    if (!resolvers.some(({ wasAsked }) => wasAsked)) await context.targets.requireRoute(resolvers);
    return Buffer.from(writeDocument(dnsDocument, entries.flat()));
  },
};

function questionsOf(params: DnsParams): Question[] {
  const names = namesToAsk(params.fqdns, params.name);
  const questions = names.map((name): Question => ({ name, type: params.type }));
  if (params.x !== undefined) questions.push({ name: reverseName(params.x), type: QUERY_TYPES.ptr });
  return questions;
}

/**
 * The given resolver, which the host must allow, or the host's own ones, which it allowed by using them; those that no packet gets to
 * are passed over.
 * @throws RunFailure `no_family`, `nothing_sent` where that is true of all; `refused`, `bad_params`
 */
async function resolversFor(params: DnsParams, context: RunContext): Promise<[Resolver, ...Resolver[]]> {
  const families = wantedFamilies(params);
  if (params.address !== undefined) families.delete(familyOf(canonical(params.address)) === 4 ? 6 : 4);
  const all =
    params.resolver === undefined
      ? await systemResolvers()
      : [await namedResolver(params.resolver, params.resolver_port, families, context)];
  const asked = all.filter(({ address }) => families.has(familyOf(address)));
  if (asked.length === 0)
    throw new RunFailure('bad_params', 'the probe has no resolver of that address family');
  const resolvers = await Promise.all(
    asked.map(async (each): Promise<Resolver> => {
      return { ...each, unreachable: await context.targets.missingRoute(each.address), wasAsked: false };
    }),
  );
  await context.targets.requireRoute(resolvers);
  const [first, ...others] = resolvers.filter(({ unreachable }) => unreachable === null);
  if (first === undefined) throw new Error('requireRoute() lets no run go on without a route');
  return [first, ...others];
}

/** @throws RunFailure `refused`; of a name also `unresolved`, `resolver_failed` */
async function namedResolver(
  host: string,
  port: number,
  families: ReadonlySet<number>,
  { targets, clock }: RunContext,
): Promise<Nameserver> {
  if (isIP(host) !== 0) return { address: targets.checked(host), port };
  const { address } = await targets.find(host, families, () => stopwatch(clock));
  return { address, port };
}

/** Asks until an answer comes, each time the next resolver; a truncated answer is asked for again over TCP. */
async function ask(
  question: Question,
  params: DnsParams,
  resolvers: readonly [Resolver, ...Resolver[]],
  context: RunContext,
  room: Room,
): Promise<DnsEntry[]> {
  const entries: DnsEntry[] = [];
  const overTcp = question.type === AXFR || isOn(params.tcp);
  const exchangeOver = async (transport: 'udp' | 'tcp', resolver: Resolver): Promise<Buffer | undefined> => {
    const { outcome, about } = await exchange(question, params, resolver, transport, context);
    entries.push(...entriesOf(outcome, about, room));
    return outcome.arrivals.find(({ error }) => error === null)?.message;
  };
  for (let attempt = 0; attempt < ATTEMPTS && !context.signal.aborted; attempt++) {
    const resolver = resolvers[attempt % resolvers.length] ?? resolvers[0];
    const answer = await exchangeOver(overTcp ? 'tcp' : 'udp', resolver);
    if (answer === undefined) continue;
    if (!overTcp && isTruncated(answer)) await exchangeOver('tcp', resolver);
    break;
  }
  room.giveBack(RESERVED_ENTRIES - entries.filter(({ response }) => response === null).length);
  return entries;
}

/** What all entries of one exchange have in common. */
type About = Pick<DnsEntry, 'name' | 'class' | 'type' | 'resolver' | 'transport' | 'query'> &
  Record<'port' | 'ignored', number> &
  Record<'sent_at', string> &
  Record<'connect_ms', number | null>;

/** One query and what came of it. @throws RunFailure for a local address that is none */
async function exchange(
  question: Question,
  params: DnsParams,
  resolver: Resolver,
  transport: 'udp' | 'tcp',
  context: RunContext,
): Promise<{ outcome: Outcome; about: About }> {
  await context.packets.turn(transport === 'tcp' ? CONNECTION_PACKETS : 1);
  const query = encodeQuery(question, params);
  const headers = transport === 'tcp' ? TCP_HEADER_BYTES : UDP_HEADER_BYTES;
  context.onWire(query.length + headers);
  const isTransfer = question.type === AXFR;
  const settings: Exchange = {
    resolver: resolver.address,
    port: resolver.port,
    from: params.address === undefined ? undefined : canonical(params.address),
    timeoutMs: isTransfer ? TRANSFER_TIMEOUT_MS : TIMEOUT_MS,
    clock: context.clock,
    signal: context.signal,
  };
  const begun = context.clock.now();
  const outcome = await send(query, settings, transport, isTransfer).catch((error: unknown) => {
    throw error instanceof BadLocalAddress ? new RunFailure('bad_params', error.message) : error;
  });
  const unsent = await whyUnsent(outcome, resolver, transport, context);
  if (unsent === null) resolver.wasAsked = true;
  else outcome.error = resolver.unreachable = unsent;
  const packets = transport === 'tcp' ? Number(outcome.bytes > 0) : outcome.ignored + outcome.arrivals.length;
  context.onWire(outcome.bytes + headers * packets);
  const about: About = {
    name: question.name,
    class: params.class.toUpperCase(),
    type: queryTypeName(question.type),
    resolver: resolver.address,
    port: resolver.port,
    transport,
    sent_at: new Date(outcome.sentAt ?? begun).toISOString(),
    connect_ms: outcome.connect_ms,
    ignored: outcome.ignored,
    query: query.toString('base64'),
  };
  return { outcome, about };
}

/** @returns why the query did not leave this host; null where it did, or where nobody tried */
async function whyUnsent(
  { sentAt, error }: Outcome,
  { address }: Resolver,
  transport: 'udp' | 'tcp',
  { targets }: RunContext,
): Promise<string | null> {
  if (sentAt !== null || error === null) return null;
  return (await targets.whyUnsent(address, error)) ?? (transport === 'udp' ? error : null);
}

function send(
  query: Buffer,
  settings: Exchange,
  transport: 'udp' | 'tcp',
  isTransfer: boolean,
): Promise<Outcome> {
  if (transport === 'udp') return askUdp(query, settings);
  return askTcp(query, settings, isTransfer ? zoneTransfer(query) : singleAnswer(query));
}

/** An entry for each message that came and has room, and one more for an end before the end. */
function entriesOf(outcome: Outcome, about: About, room: Room): DnsEntry[] {
  const entries: DnsEntry[] = [];
  const failed = (error: string): DnsEntry => ({ ...about, rtt_ms: null, response: null, error });
  for (const { message, rtt_ms, error } of outcome.arrivals) {
    const entry: DnsEntry = { ...about, rtt_ms, response: message.toString('base64'), error };
    if (!room.take(entry)) return [...entries, failed(NO_ROOM)];
    entries.push(entry);
  }
  return outcome.error === null ? entries : [...entries, failed(outcome.error)];
}
