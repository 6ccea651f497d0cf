import { DRIFT, GRAIN_MS, type Reading } from './clock.js';
import type { Reply } from './exchange.js';
import type { NtpPacket } from './packet.js';

/** What one comparison with another clock says. */
export interface Sample {
  /** The other clock minus this host's, ms. */
  offset: number;
  /** How wrong that may be, ms. */
  error: number;
  /** This host's clocks at that moment. */
  taken: Reading;
  /** Of the time server; absent where no time server was asked. */
  stratum?: number;
}

/** A comparison with an NTP server. */
export interface NtpSample extends Sample {
  /** The round trip without the server's own part, ms. */
  delay: number;
  stratum: number;
}

const UNSYNCHRONISED = 3;
const HIGHEST_STRATUM = 15;
/** RFC 5905, MAXDISP: whoever is further from the true time than this, by his own words, does not know it. */
const FURTHEST_MS = 16_000;

/**
 * Offset and delay of RFC 5905, section 8.
 * @returns null when the packet has no time stamps
 */
export function offsetOf({ packet, sent, roundTripMs }: Reply): { offset: number; delay: number } | null {
  const { received, transmitted } = packet;
  if (received === null || transmitted === null) return null;
  const back = sent.wall + roundTripMs;
  return {
    offset: (received - sent.wall + (transmitted - back)) / 2,
    delay: roundTripMs - (transmitted - received),
  };
}

/** @returns why a clock must not be compared with this answer; null when it may (RFC 5905, sections 7.4 and 8; RFC 4330, section 5) */
export function whyUnusable(reply: Reply): string | null {
  const { packet } = reply;
  const kiss = kissOf(reply);
  if (kiss !== null) return `kiss ${kiss}`;
  if (packet.stratum === 0 || packet.stratum > HIGHEST_STRATUM || packet.leap === UNSYNCHRONISED)
    return 'not synchronised';
  const found = offsetOf(reply);
  if (found === null) return 'no time stamp';
  if (servesItsOwnClock(packet)) return OWN_CLOCK;
  if (claimsNoError(packet)) return NO_ERROR_CLAIMED;
  if (packet.rootDelay / 2 + packet.rootDispersion >= FURTHEST_MS) return 'too far from the true time';
  return contradiction(packet, found.delay);
}

/** What a server can ask of its clients: never to be asked again, or to be asked less often. */
export type Kiss = 'DENY' | 'RSTR' | 'RATE';

const KISSES: readonly string[] = ['DENY', 'RSTR', 'RATE'] satisfies Kiss[];

/**
 * The kiss-o'-death of an answer. Stratum 0 alone is none: RFC 5905 calls it "unspecified or invalid" (section 7.3), and servers that
 * have no time yet send it with no code (chrony 4.3, openntpd 6.2p3) or with `INIT` (ntpsec 1.2.2). Codes but these three are for the log (section 7.4).
 * @returns null when the server asks for nothing
 */
export function kissOf({ packet }: Reply): Kiss | null {
  return packet.stratum === 0 && KISSES.includes(packet.referenceId) ? (packet.referenceId as Kiss) : null;
}

/** The answer of a server that serves a clock that nobody sets. */
const OWN_CLOCK = 'serves its own clock';
/** The answer of a server that is no source of time itself and says that it makes no error. */
const NO_ERROR_CLAIMED = 'says nothing of its error';

/** @returns whether an answer has an offset, of which nobody can say how wrong it is */
export function isUnbounded(objection: unknown): boolean {
  return objection === OWN_CLOCK || objection === NO_ERROR_CLAIMED;
}

/**
 * Whether the time is that of an undisciplined local clock: chrony's `local` (reference id 127.127.1.1), ntpd's driver of type 1 (127.127.1.x) and its
 * name `LOCL` or `LCL` at stratum 1. Such a server counts as synchronised and claims a root dispersion of 0; chrony.conf(5) says that it may never have been.
 */
function servesItsOwnClock({ referenceId, stratum }: NtpPacket): boolean {
  return referenceId.startsWith('127.127.1.') || (stratum === 1 && ['LOCL', 'LCL'].includes(referenceId));
}

/** Above stratum 1 a zero is no statement: whoever takes his time over a network is not without delay and dispersion. */
function claimsNoError({ stratum, rootDelay, rootDispersion }: NtpPacket): boolean {
  return stratum > 1 && rootDelay === 0 && rootDispersion === 0;
}

/** Time stamps that cannot all be true. */
function contradiction(
  { received, transmitted, reference, precision }: NtpPacket,
  delay: number,
): string | null {
  const grain = GRAIN_MS + fromLog2(precision);
  if (Number(transmitted) < Number(received) - grain) return 'answered before it was asked';
  if (delay < -grain) return 'took longer than the whole round trip';
  if (reference !== null && reference > Number(transmitted) + grain) return 'set in the future';
  return null;
}

/**
 * The bound counts: half the delay, since nobody knows how it divides between the two ways; what the server says of its own error
 * (half its root delay, and its root dispersion); the grain of its clock and of this one's; the drift of this one meanwhile.
 * @param reply one that `whyUnusable` has no objection to
 */
export function sampleOf(reply: Reply): NtpSample {
  const { packet, sent, roundTripMs } = reply;
  const { offset, delay } = offsetOf(reply) ?? { offset: Number.NaN, delay: Number.NaN };
  const unknownWay = Math.max(0, delay) / 2;
  const servers = packet.rootDelay / 2 + packet.rootDispersion + fromLog2(packet.precision);
  return {
    // Wall clocks are read in whole ms, cut off: on average they are half of one ahead of what they show.
    offset: offset - GRAIN_MS / 2,
    error: unknownWay + servers + GRAIN_MS / 2 + roundTripMs * DRIFT,
    delay,
    stratum: packet.stratum,
    taken: sent,
  };
}

/** log2 of seconds, to ms; what no clock has (a second and more) counts as a second. */
function fromLog2(exponent: number): number {
  return 1000 * 2 ** Math.min(0, exponent);
}
