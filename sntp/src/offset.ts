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
  if (packet.stratum === 0) return `kiss ${packet.referenceId}`;
  if (packet.leap === UNSYNCHRONISED || packet.stratum > HIGHEST_STRATUM) return 'not synchronised';
  const found = offsetOf(reply);
  if (found === null) return 'no time stamp';
  if (packet.rootDelay / 2 + packet.rootDispersion >= FURTHEST_MS) return 'too far from the true time';
  return contradiction(packet, found.delay);
}

/** The words of the kiss-o'-death of an unusable answer; null when it is none. */
export function kissOf({ packet }: Reply): string | null {
  return packet.stratum === 0 ? packet.referenceId : null;
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
