import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { type ClockReader, type Reading, readClock } from './clock.js';
import { encodeRequest, type NtpPacket, ORIGIN, PACKET_BYTES, readPacket, SERVER_MODE } from './packet.js';

export interface Question {
  address: string;
  port: number;
  timeoutMs: number;
  clock: ClockReader;
  signal?: AbortSignal | undefined;
}

/** An answer to our question, whatever it says. */
export interface Reply {
  packet: NtpPacket;
  /** When the question went out. */
  sent: Reading;
  /** From question to answer by the monotonic clock: the wall clock may be set while the packet is under way. */
  roundTripMs: number;
}

export const TIMED_OUT = 'timeout';

/** Why no answer came, in a word: `timeout`, `stopped`, or the error of the system. */
export class NoReply extends Error {
  /** @param wasSent whether the question went out, as far as this host knows */
  constructor(
    message: string,
    readonly wasSent = true,
  ) {
    super(message);
  }
}

/**
 * Asks once. The socket is connected, so that only what comes from that address and port is seen, and an answer has to repeat eight random
 * bytes of ours: what is forged off the path, replayed or meant for another question is passed over.
 * @throws NoReply
 */
export function exchange({ address, port, timeoutMs, clock, signal }: Question): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const nonce = randomBytes(8);
    let sent: Reading | null = null;
    const timer = setTimeout(() => {
      finish(new NoReply(TIMED_OUT));
    }, timeoutMs);
    const stopped = (): void => {
      finish(new NoReply('stopped'));
    };
    let isOver = false;
    function finish(outcome: Reply | NoReply): void {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', stopped);
      socket.close();
      if (outcome instanceof NoReply) reject(outcome);
      else resolve(outcome);
    }
    const failed = (error: Error, wasSent = sent !== null): void => {
      finish(new NoReply((error as NodeJS.ErrnoException).code ?? error.message, wasSent));
    };
    signal?.addEventListener('abort', stopped, { once: true });
    if (signal?.aborted === true) {
      stopped();
      return;
    }
    socket.on('error', (error) => {
      failed(error);
    });
    socket.on('message', (answer) => {
      const back = clock.monotonic();
      if (sent === null || !answersTo(answer, nonce)) return;
      const roundTripMs = back - sent.monotonic;
      finish({ packet: readPacket(answer, sent.wall), sent, roundTripMs });
    });
    // node calls this with an error too, where there is no route
    socket.connect(port, address, (error?: Error | null) => {
      if (isOver) return;
      if (error) {
        failed(error);
        return;
      }
      const request = encodeRequest(nonce);
      sent = readClock(clock);
      socket.send(request, (problem) => {
        if (problem !== null) failed(problem, false);
      });
    });
  });
}

function answersTo(answer: Buffer, nonce: Buffer): boolean {
  return (
    answer.length >= PACKET_BYTES &&
    (answer.readUInt8(0) & 7) === SERVER_MODE &&
    answer.subarray(ORIGIN.from, ORIGIN.to).equals(nonce)
  );
}
