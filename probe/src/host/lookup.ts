import { randomInt } from 'node:crypto';
import { isIP } from 'node:net';
import { rcodeName, readHeader } from '@pladmed/protocol';
import packet from 'dns-packet';
import { systemClock } from '../clock/clock.js';
import { singleAnswer } from '../dns/judge.js';
import { isTruncated } from '../dns/message.js';
import { answerOf, askTcp, askUdp } from '../dns/transport.js';
import { messageOf } from '../platform/errors.js';
import { type Nameserver, nameOf, systemResolvers } from './resolvers.js';

/** The addresses of a name, and what the answers said, or did not say, of the others. */
export interface Resolved {
  /** IPv4 first. */
  addresses: string[];
  /** The answer that says that the name is not there, or has no address; null: none says so. */
  absent: 'NXDOMAIN' | 'NODATA' | null;
  /** Questions that nobody answered, by their family: which resolver said what. */
  lost: { family: 4 | 6; detail: string }[];
}

const QUERY = { 4: 'A', 6: 'AAAA' } as const;
const TIMEOUT_MS = 2_000;
const ROUNDS = 2;
/** RFC 1035, section 4.1.1; the others say nothing of the name. */
const NXDOMAIN = 3;

/**
 * Asks the host's resolvers, as they are now, for the addresses of a name. Names in /etc/hosts do not count. (getaddrinfo would not
 * tell what was said from what was not answered, and hold a thread of the file system for seconds.)
 * @param families 4, 6 or both
 */
export async function resolveBySystem(
  name: string,
  families: ReadonlySet<number>,
  signal: AbortSignal,
): Promise<Resolved> {
  return resolveBy(await systemResolvers(), name, families, signal);
}

/** As resolveBySystem(), asking these resolvers. */
export async function resolveBy(
  servers: readonly Nameserver[],
  name: string,
  families: ReadonlySet<number>,
  signal: AbortSignal,
): Promise<Resolved> {
  const wanted = ([4, 6] as const).filter((family) => families.has(family));
  const answers = await Promise.all(wanted.map((family) => askForAddresses(name, family, servers, signal)));
  const addresses = answers.flatMap((answer) => answer.addresses);
  return {
    addresses,
    absent: addresses.length > 0 ? null : absenceIn(answers),
    lost: answers.flatMap(({ problem }, index) => {
      const family = wanted[index];
      return problem === null || family === undefined ? [] : [{ family, detail: problem }];
    }),
  };
}

function absenceIn(answers: readonly Answer[]): Resolved['absent'] {
  if (answers.some(({ rcode }) => rcode === NXDOMAIN)) return 'NXDOMAIN';
  return answers.some(({ problem }) => problem === null) ? 'NODATA' : null;
}

interface Answer {
  addresses: string[];
  rcode: number;
  /** Why no answer says anything of the name: `A: 192.0.2.53: timeout, 192.0.2.54: SERVFAIL`. */
  problem: string | null;
}

/** Each resolver in turn, twice, until one says something of the name. */
async function askForAddresses(
  name: string,
  family: 4 | 6,
  servers: readonly Nameserver[],
  signal: AbortSignal,
): Promise<Answer> {
  const problems = new Map<string, string>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const server of servers) {
      signal.throwIfAborted();
      try {
        const { addresses, rcode } = await askOne(name, family, server, signal);
        if (rcode === 0 || rcode === NXDOMAIN) return { addresses, rcode, problem: null };
        problems.set(nameOf(server), rcodeName(rcode));
      } catch (error) {
        problems.set(nameOf(server), messageOf(error));
      }
    }
  }
  const said = [...problems].map(([server, problem]) => `${server}: ${problem}`).join(', ');
  return { addresses: [], rcode: 0, problem: `${QUERY[family]}: ${said}` };
}

/** @throws what the transport threw, or an Error for a message that cannot be read */
async function askOne(
  name: string,
  family: 4 | 6,
  { address, port }: Nameserver,
  signal: AbortSignal,
): Promise<{ addresses: string[]; rcode: number }> {
  const type = QUERY[family];
  const query = packet.encode({
    type: 'query',
    id: randomInt(0, 0x10000),
    flags: packet.RECURSION_DESIRED,
    questions: [{ name: name.replace(/\.$/, ''), type }],
  });
  const clock = systemClock();
  const exchange = { resolver: address, port, from: undefined, timeoutMs: TIMEOUT_MS, clock, signal };
  let response = answerOf(await askUdp(query, exchange));
  if (isTruncated(response)) response = answerOf(await askTcp(query, exchange, singleAnswer(query)));
  const rcode = response.readUInt8(3) & 0x0f;
  if (rcode !== 0) return { addresses: [], rcode };
  return { addresses: addressesIn(response, name, type), rcode };
}

/** @throws Error for what cannot be read, and for what answers another question or none */
function addressesIn(response: Buffer, name: string, type: 'A' | 'AAAA'): string[] {
  if (isReferral(response)) throw new Error('a referral, no answer');
  let records: packet.Answer[];
  try {
    records = packet.decode(response).answers ?? [];
  } catch {
    throw new Error('an answer that cannot be read');
  }
  const names = aliasesOf(name, records);
  const answers = records.filter((record) => names.has(plain(record.name)));
  if (records.length > 0 && answers.length === 0) throw new Error('an answer for another name');
  return answers.flatMap((record) => (record.type === type && isIP(record.data) !== 0 ? [record.data] : []));
}

/** A server that does no recursion and knows nothing of the name: RFC 2308, section 2.2, tells that from NODATA; glibc's stub asks the next one. */
function isReferral(response: Buffer): boolean {
  const { bits, answers } = readHeader(response);
  return answers === 0 && (bits & (packet.AUTHORITATIVE_ANSWER | packet.RECURSION_AVAILABLE)) === 0;
}

/** The name, and those that its CNAME records lead to, in whatever order they stand. */
function aliasesOf(name: string, records: readonly packet.Answer[]): Set<string> {
  const names = new Set([plain(name)]);
  // A set gives what is added while it is gone through, and each name once.
  for (const each of names) {
    for (const record of records)
      if (record.type === 'CNAME' && plain(record.name) === each) names.add(plain(record.data));
  }
  return names;
}

/** Names compare without case (RFC 1035, section 2.3.3). */
function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
