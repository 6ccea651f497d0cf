import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { promises as dns } from 'node:dns';
import type { Clock } from './clock.js';
import { sleep } from './clock.js';

/** What one exchange of time stamps says (RFC 5905). All in ms. */
export interface NtpSample {
  /** The server's clock minus this host's. */
  offset: number;
  delay: number;
  /** How wrong the offset may be: half the delay, and what the server says of itself. */
  error: number;
  stratum: number;
}

const PORT = 123;
const PACKET_BYTES = 48;
/** Leap indicator 0, version 4, mode 3 (client). */
const CLIENT_V4 = 0x23;
const SERVER_MODE = 4;
const UNSYNCHRONISED = 3;
const HIGHEST_STRATUM = 15;
/** Seconds from 1900 to 1970. */
const ERA = 2_208_988_800;
const ERA_SECONDS = 2 ** 32;
const TIMEOUT_MS = 2_000;
const SAMPLES = 4;
const BETWEEN_MS = 250;

export class NoTime extends Error {}

/**
 * Asks a server for its time, several times, and takes the answer of least delay.
 * @param server a name or an address
 * @throws NoTime when no usable answer came
 */
export async function measureOffset(
  clock: Clock,
  server: string,
  port = PORT,
  signal?: AbortSignal,
): Promise<NtpSample> {
  const { address, family } = await dns.lookup(server).catch(() => {
    throw new NoTime(`${server} has no address`);
  });
  let best: NtpSample | null = null;
  for (let count = 0; count < SAMPLES && signal?.aborted !== true; count++) {
    if (count > 0) await sleep(clock, BETWEEN_MS, signal);
    const sample = await exchange(clock, address, family === 6, port);
    // A server that does not answer at all is not asked four times.
    if (sample === null && best === null) break;
    if (sample !== null && (best === null || sample.delay < best.delay)) best = sample;
  }
  if (best === null) throw new NoTime(`${server} does not answer as a time server`);
  return best;
}

function exchange(clock: Clock, address: string, isIpv6: boolean, port: number): Promise<NtpSample | null> {
  return new Promise((resolve) => {
    const socket = createSocket(isIpv6 ? 'udp6' : 'udp4');
    // The server repeats these eight bytes: random ones, and nobody off the path can answer in its place.
    const nonce = randomBytes(8);
    const request = Buffer.alloc(PACKET_BYTES);
    request.writeUInt8(CLIENT_V4, 0);
    nonce.copy(request, 40);
    let sentWall = 0;
    let sentAt = 0;
    const timer = clock.setTimer(() => {
      finish(null);
    }, TIMEOUT_MS);
    function finish(sample: NtpSample | null): void {
      timer.cancel();
      socket.removeAllListeners().on('error', () => undefined);
      socket.close();
      resolve(sample);
    }
    socket.on('error', () => {
      finish(null);
    });
    socket.on('message', (answer) => {
      // The monotonic clock counts the round trip: the wall clock may be set while the packet is under way.
      const received = sentWall + (clock.monotonic() - sentAt);
      if (answer.length >= PACKET_BYTES && answer.subarray(24, 32).equals(nonce))
        finish(readAnswer(answer, sentWall, received));
    });
    socket.connect(port, address, () => {
      sentWall = clock.now();
      sentAt = clock.monotonic();
      socket.send(request);
    });
  });
}

/** @returns null when the server says that it does not know the time */
export function readAnswer(answer: Buffer, sent: number, received: number): NtpSample | null {
  const first = answer.readUInt8(0);
  const stratum = answer.readUInt8(1);
  if ((first & 7) !== SERVER_MODE || first >> 6 === UNSYNCHRONISED) return null;
  if (stratum === 0 || stratum > HIGHEST_STRATUM) return null;
  const arrived = timestamp(answer, 32, sent);
  const left = timestamp(answer, 40, sent);
  const delay = Math.max(0, received - sent - (left - arrived));
  const ownError = shortFormat(answer, 4) / 2 + shortFormat(answer, 8);
  // The wall clock of this host is read in whole milliseconds.
  return {
    offset: (arrived - sent + (left - received)) / 2,
    delay,
    error: delay / 2 + ownError + 1,
    stratum,
  };
}

/** 64-bit time stamp: seconds since 1900 and their fraction, to ms since 1970, in the era next to `near`. */
function timestamp(packet: Buffer, at: number, near: number): number {
  const seconds = packet.readUInt32BE(at) - ERA;
  const fraction = packet.readUInt32BE(at + 4) / ERA_SECONDS;
  const eras = Math.round((near / 1000 - seconds) / ERA_SECONDS);
  return (seconds + eras * ERA_SECONDS + fraction) * 1000;
}

/** 16.16 fixed point seconds, to ms. */
function shortFormat(packet: Buffer, at: number): number {
  return (packet.readUInt32BE(at) / 65_536) * 1000;
}
