/** The header of RFC 5905, section 7.3; extension fields and keys behind it are not looked at. */
export const PACKET_BYTES = 48;
/** Where an answer repeats the request's transmit time stamp. */
export const ORIGIN = { from: 24, to: 32 } as const;
export const SERVER_MODE = 4;
const TRANSMIT = 40;
/** Leap indicator 0, version 4, mode 3 (client). */
const CLIENT_V4 = 0x23;
/** Seconds from 1900 to 1970. */
const EPOCH_S = 2_208_988_800;
const ERA_S = 2 ** 32;
/** No clock that is asked today is right before this: it says the era also to a host that woke up in 1970. */
const NOT_BEFORE = Date.UTC(2026, 0, 1);

/** What a server's packet says. Times are ms since 1970, null where the field is zero; durations are ms. */
export interface NtpPacket {
  /** 0 to 3; 3 is a clock that is not synchronised */
  leap: number;
  version: number;
  mode: number;
  /** 0: unspecified, or a kiss-o'-death; 16: not synchronised */
  stratum: number;
  /** log2 of seconds */
  poll: number;
  /** log2 of seconds */
  precision: number;
  rootDelay: number;
  rootDispersion: number;
  /** Four characters of stratum 0 and 1, else four bytes as an address (of an IPv6 upstream: of its hash). */
  referenceId: string;
  reference: number | null;
  /** when the request came in */
  received: number | null;
  /** when the answer went out */
  transmitted: number | null;
}

/** @param nonce eight random bytes for the transmit time stamp: a server repeats them without looking */
export function encodeRequest(nonce: Uint8Array): Buffer {
  const request = Buffer.alloc(PACKET_BYTES);
  request.writeUInt8(CLIENT_V4, 0);
  request.set(nonce, TRANSMIT);
  return request;
}

/**
 * @param packet of PACKET_BYTES or more
 * @param near the reader's own time, ms since 1970: tells the eras of NTP apart (RFC 5905, section 6)
 */
export function readPacket(packet: Buffer, near: number): NtpPacket {
  const first = packet.readUInt8(0);
  const stratum = packet.readUInt8(1);
  return {
    leap: first >> 6,
    version: (first >> 3) & 7,
    mode: first & 7,
    stratum,
    poll: packet.readInt8(2),
    precision: packet.readInt8(3),
    rootDelay: shortFormat(packet, 4),
    rootDispersion: shortFormat(packet, 8),
    referenceId: referenceId(packet, stratum),
    reference: timestamp(packet, 16, near),
    received: timestamp(packet, 32, near),
    transmitted: timestamp(packet, TRANSMIT, near),
  };
}

function referenceId(packet: Buffer, stratum: number): string {
  const bytes = packet.subarray(12, 16);
  const address = [...bytes].join('.');
  if (stratum > 1) return address;
  const text = bytes.toString('latin1').replace(/\0+$/, '');
  return /^[\x20-\x7e]*$/.test(text) ? text : address;
}

/** 64 bits: seconds since 1900 and their fraction, in the era that is next to `near`. */
function timestamp(packet: Buffer, at: number, near: number): number | null {
  const whole = packet.readUInt32BE(at);
  const fraction = packet.readUInt32BE(at + 4) / 2 ** 32;
  if (whole === 0 && fraction === 0) return null;
  const seconds = whole - EPOCH_S;
  const eras = Math.round((Math.max(near, NOT_BEFORE) / 1000 - seconds) / ERA_S);
  return (seconds + eras * ERA_S + fraction) * 1000;
}

/** Seconds in 16.16 fixed point. */
function shortFormat(packet: Buffer, at: number): number {
  return (packet.readUInt32BE(at) / 2 ** 16) * 1000;
}
