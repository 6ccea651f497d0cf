import { dnsDocument, writeDocument } from '@pladmed/protocol';
import { messageOf } from '../../errors.js';
import { isIP } from 'node:net';
import { CONNECTION_PACKETS } from '../../limits/packets.js';
import { systemResolvers } from '../../host/resolvers.js';
import { RunFailure } from '../../runs/failure.js';
import type { Kind, RunContext } from '../kind.js';
import { milliseconds } from '../timing.js';
import { inParallel } from '../parallel.js';
import { isOn, wantedFamilies } from '../params.js';
import { type DnsParams, dnsParams } from './dns.params.js';
import { encodeQuery, isTransferComplete, isTruncated, type Question, reverseName } from './message.js';
import { askTcp, askUdp, BadLocalAddress, type Exchange, MOST_TCP_BYTES } from './transport.js';

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

interface Resolver {
  address: string;
  port: number;
}

/** One message sent, and what came back; docs/protocol.md, format `dns`. */
interface QueryRecord {
  name: string;
  type: string;
  resolver: string;
  port: number;
  transport: 'udp' | 'tcp';
  sent_at: string;
  rtt_ms: number | null;
  query: string;
  response: string | null;
  error: string | null;
}

export const dns: Kind<DnsParams> = {
  name: 'dns',
  format: 'dns',
  params: dnsParams,
  timeLimitMs: (params) => {
    const rounds = Math.ceil(questionsOf(params).length / PARALLEL);
    return rounds * (ATTEMPTS * TIMEOUT_MS + TRANSFER_TIMEOUT_MS) + SLACK_MS;
  },
  trafficBytes: (params) =>
    questionsOf(params).length * (params.type === 'axfr' ? MOST_TCP_BYTES : ATTEMPTS * EXCHANGE_BYTES),
  measure: async (params, context) => {
    const resolvers = await resolversFor(params, context);
    const questions = questionsOf(params);
    const records = await inParallel(PARALLEL, questions, (question) =>
      ask(question, params, resolvers, context),
    );
    context.signal.throwIfAborted();
    return Buffer.from(writeDocument(dnsDocument, records.flat()));
  },
};

function questionsOf(params: DnsParams): Question[] {
  const names = [...new Set([...params.fqdns, ...params.name])];
  const questions = names.map((name): Question => ({ name, type: params.type }));
  if (params.x !== undefined) questions.push({ name: reverseName(params.x), type: 'ptr' });
  return questions;
}

/** The given resolver, which the host must allow, or the host's own ones, which it allowed by using them. */
async function resolversFor(params: DnsParams, context: RunContext): Promise<[Resolver, ...Resolver[]]> {
  const all =
    params.resolver === undefined
      ? await systemResolvers()
      : [{ address: context.targets.checked(params.resolver), port: params.resolver_port ?? 53 }];
  const families = wantedFamilies(params);
  if (params.address !== undefined) families.delete(isIP(params.address) === 4 ? 6 : 4);
  const [first, ...others] = all.filter(({ address }) => families.has(isIP(address.split('%')[0] ?? '')));
  if (first === undefined)
    throw new RunFailure('bad_params', 'the probe has no resolver of that address family');
  if (params.resolver !== undefined) await context.targets.requireRouteTo(first.address);
  return [first, ...others];
}

/** Asks until an answer comes, each time the next resolver; a truncated answer is asked for again over TCP. */
async function ask(
  question: Question,
  params: DnsParams,
  resolvers: readonly [Resolver, ...Resolver[]],
  context: RunContext,
): Promise<QueryRecord[]> {
  const records: QueryRecord[] = [];
  const overTcp = question.type === 'axfr' || isOn(params.tcp);
  for (let attempt = 0; attempt < ATTEMPTS && !context.signal.aborted; attempt++) {
    const resolver = resolvers[attempt % resolvers.length] ?? resolvers[0];
    const [record, ...more] = await exchange(question, params, resolver, overTcp ? 'tcp' : 'udp', context);
    if (record === undefined) continue;
    records.push(record, ...more);
    if (record.response === null) continue;
    if (record.transport === 'udp' && isTruncated(Buffer.from(record.response, 'base64'))) {
      records.push(...(await exchange(question, params, resolver, 'tcp', context)));
    }
    break;
  }
  return records;
}

/** One query and its answer; a zone transfer has an entry for each message. @throws RunFailure for a local address that is none */
async function exchange(
  question: Question,
  params: DnsParams,
  resolver: Resolver,
  transport: 'udp' | 'tcp',
  context: RunContext,
): Promise<QueryRecord[]> {
  await context.packets.turn(transport === 'tcp' ? CONNECTION_PACKETS : 1);
  const query = encodeQuery(question, params);
  const headers = transport === 'tcp' ? TCP_HEADER_BYTES : UDP_HEADER_BYTES;
  context.onWire(query.length + headers);
  const transfer = question.type === 'axfr';
  const settings: Exchange = {
    resolver: resolver.address,
    port: resolver.port,
    from: params.address,
    timeoutMs: transfer ? TRANSFER_TIMEOUT_MS : TIMEOUT_MS,
    signal: context.signal,
  };
  const record = {
    name: question.name,
    type: question.type.toUpperCase(),
    resolver: resolver.address,
    port: resolver.port,
    transport,
    sent_at: new Date(context.clock.now()).toISOString(),
    query: query.toString('base64'),
  };
  const begun = context.clock.monotonic();
  try {
    const responses =
      transport === 'udp'
        ? [await askUdp(query, settings)]
        : await askTcp(query, settings, transfer ? isTransferComplete : undefined);
    const rtt_ms = milliseconds(context.clock.monotonic() - begun);
    for (const response of responses) context.onWire(response.length + headers);
    return responses.map((response) => ({
      ...record,
      rtt_ms,
      response: response.toString('base64'),
      error: null,
    }));
  } catch (error) {
    if (error instanceof BadLocalAddress) throw new RunFailure('bad_params', error.message);
    return [
      {
        ...record,
        rtt_ms: null,
        response: null,
        error: messageOf(error),
      },
    ];
  }
}
